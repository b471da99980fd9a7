ALTER TABLE order_audit DROP CONSTRAINT order_audit_head_uniq;
ALTER TABLE order_audit DROP COLUMN prev_seq;
ALTER TABLE order_status_transitions DROP CONSTRAINT order_status_transitions_change_uniq;
ALTER TABLE order_status_transitions ADD CONSTRAINT order_status_transitions_pair_uniq UNIQUE (from_status, to_status);
