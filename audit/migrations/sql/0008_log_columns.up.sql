-- Who made a change moves to audit_contexts: once for each transaction, not with every row. Nothing has written to the
-- log yet, so there is nothing to move.
-- squawk-ignore-file ban-drop-column, ban-drop-default, changing-column-type
ALTER TABLE audit_log
    DROP COLUMN user_id, DROP COLUMN user_ip, DROP COLUMN user_agent, DROP COLUMN session_id, DROP COLUMN request_id,
    DROP COLUMN service, DROP COLUMN reason;
ALTER TABLE audit_log ALTER COLUMN layout DROP DEFAULT, ALTER COLUMN layout TYPE integer;
ALTER TABLE audit_log ADD COLUMN context_number smallint NOT NULL DEFAULT 1;
