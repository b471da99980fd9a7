REVOKE UPDATE (stop_loss, take_profit, trailing_stop, metadata) ON positions FROM trading_app;
GRANT INSERT, UPDATE, DELETE ON positions TO trading_app;
GRANT INSERT ON order_fills, trades, position_audit TO trading_app;
