REVOKE SELECT ON audit_contexts, audit_layouts FROM trading_app, trading_auditor;
REVOKE INSERT ON audit_log, audit_contexts FROM trading_audit_owner;
GRANT INSERT ON audit_log TO trading_app;
DROP FUNCTION secure_audit_function(text);
DROP FUNCTION refuse_truncate();
DROP FUNCTION refuse_key_change(text);
DROP FUNCTION audit_context(text, boolean);
DROP FUNCTION write_audit_context(text, boolean);
