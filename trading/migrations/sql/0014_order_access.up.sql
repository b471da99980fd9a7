-- What is filled, what it cost and how many events there were is moved by triggers. Order by order, not by column:
-- a new order may not have them either (orders_birth).
REVOKE UPDATE ON orders FROM trading_app;
GRANT UPDATE (
    id, created_at, updated_at, account_id, user_id, client_order_id, instrument_id, order_type, side, quantity, price,
    stop_price, limit_price, trailing_distance, status, time_in_force, good_till_date, execution_type, routing_decision,
    take_profit, stop_loss, is_reduce_only, is_post_only, slippage, reject_reason, liquidity_provider_id, lp_order_id,
    parent_order_id, received_at, submitted_at, filled_at, canceled_at, expired_at, decision_maker, executor, metadata)
   ON orders TO trading_app;

-- Events are written by the trigger of orders.
REVOKE INSERT ON order_audit FROM trading_app;

-- Requests are written once; their orders decide them.
GRANT SELECT, INSERT ON order_change_requests TO trading_app;
GRANT SELECT ON order_change_requests TO trading_readonly, trading_auditor;
