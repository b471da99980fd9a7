-- The chain of a position's events. The keys come unvalidated, so that the tables are locked for a moment only; the next
-- migration validates them.

-- An event begins with the quantity that the one before it has left; the first has none before it, and no key.
ALTER TABLE position_audit
  ADD CONSTRAINT position_audit_chain_fk
  FOREIGN KEY (position_id, prev_seq, quantity_before) REFERENCES position_audit (position_id, seq, quantity_after) NOT VALID;

-- What is held is what the last event has left. Deferred: the event is written after the position.
ALTER TABLE positions
  ADD CONSTRAINT positions_head_fk
  FOREIGN KEY (id, head_seq, quantity) REFERENCES position_audit (position_id, seq, quantity_after)
  DEFERRABLE INITIALLY DEFERRED NOT VALID;
