-- The layouts of hashes are larger than a smallint, and who made a change is not on the row: the log is emptied.
ALTER TABLE audit_log DISABLE TRIGGER USER;
DELETE FROM audit_log;
ALTER TABLE audit_log ENABLE TRIGGER USER;
ALTER TABLE audit_log DROP CONSTRAINT audit_log_pkey;
ALTER TABLE audit_log ADD CONSTRAINT audit_log_pkey PRIMARY KEY (id, created_at);
ALTER TABLE audit_log DROP COLUMN context_number;
ALTER TABLE audit_log ALTER COLUMN layout TYPE smallint, ALTER COLUMN layout SET DEFAULT 1;
ALTER TABLE audit_log
    ADD COLUMN user_id uuid, ADD COLUMN user_ip inet, ADD COLUMN user_agent text NOT NULL DEFAULT '',
    ADD COLUMN session_id varchar(128) NOT NULL DEFAULT '', ADD COLUMN request_id varchar(64) NOT NULL DEFAULT '',
    ADD COLUMN service varchar(64) NOT NULL DEFAULT '', ADD COLUMN reason text NOT NULL DEFAULT '';
