ALTER TABLE positions DROP COLUMN head_seq;
ALTER TABLE position_audit DROP CONSTRAINT position_audit_head_uniq;
ALTER TABLE position_audit DROP COLUMN prev_seq;
