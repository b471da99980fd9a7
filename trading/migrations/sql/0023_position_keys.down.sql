ALTER TABLE positions DROP CONSTRAINT positions_head_fk;
ALTER TABLE position_audit DROP CONSTRAINT position_audit_chain_fk;
