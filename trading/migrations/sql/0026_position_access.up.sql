-- Fills, trades, positions and their events belong together: apply_fill() and bust_trade() write them, nobody by hand.
REVOKE INSERT ON order_fills, trades, position_audit FROM trading_app;
REVOKE INSERT, UPDATE, DELETE ON positions FROM trading_app;
GRANT UPDATE (stop_loss, take_profit, trailing_stop, metadata) ON positions TO trading_app;
