-- The chain of an order's events. The keys come unvalidated, so that the tables are locked for a moment only; the next
-- migration validates them.

-- Every step is legal, and of a kind that is known for it.
ALTER TABLE order_audit
  ADD CONSTRAINT order_audit_transition_fk
  FOREIGN KEY (previous_status, new_status, exec_type) REFERENCES order_status_transitions (from_status, to_status, exec_type) NOT VALID;

-- An event begins where the one before it ended; the first has none before it, and no key.
ALTER TABLE order_audit
  ADD CONSTRAINT order_audit_chain_fk
  FOREIGN KEY (order_id, prev_seq, previous_status) REFERENCES order_audit (order_id, seq, new_status) NOT VALID;

-- The order stands where its last event left it. Deferred: the event is written after the order.
ALTER TABLE orders
  ADD CONSTRAINT orders_head_fk
  FOREIGN KEY (id, event_seq, status) REFERENCES order_audit (order_id, seq, new_status) DEFERRABLE INITIALLY DEFERRED NOT VALID;

-- A request is the event that made its order wait.
ALTER TABLE order_change_requests
  ADD CONSTRAINT order_change_requests_event_fk
  FOREIGN KEY (order_id, seq) REFERENCES order_audit (order_id, seq) NOT VALID;
