ALTER TABLE order_change_requests DROP CONSTRAINT order_change_requests_event_fk;
ALTER TABLE orders DROP CONSTRAINT orders_head_fk;
ALTER TABLE order_audit DROP CONSTRAINT order_audit_chain_fk;
ALTER TABLE order_audit DROP CONSTRAINT order_audit_transition_fk;
