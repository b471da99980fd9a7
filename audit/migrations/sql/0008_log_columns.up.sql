-- Who made a change moves to audit_contexts: once for each transaction, not with every row. Nothing has written to the
-- log yet, so there is nothing to move.
-- squawk-ignore-file ban-drop-column, ban-drop-constraint, ban-drop-default, changing-column-type
-- squawk-ignore-file adding-serial-primary-key-field, constraint-missing-not-valid
ALTER TABLE audit_log
    DROP COLUMN user_id, DROP COLUMN user_ip, DROP COLUMN user_agent, DROP COLUMN session_id, DROP COLUMN request_id,
    DROP COLUMN service, DROP COLUMN reason;
ALTER TABLE audit_log ALTER COLUMN layout DROP DEFAULT, ALTER COLUMN layout TYPE integer;
ALTER TABLE audit_log ADD COLUMN context_number smallint NOT NULL DEFAULT 1;

-- The history of one row is what the log is asked for, so its key serves that, and no second index is needed.
ALTER TABLE audit_log DROP CONSTRAINT audit_log_pkey;
ALTER TABLE audit_log ADD CONSTRAINT audit_log_pkey PRIMARY KEY (record_id, created_at, id);
