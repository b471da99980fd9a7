REVOKE SELECT ON audit_row_hashes FROM trading_app, trading_auditor;
ALTER TABLE audit_row_hashes ALTER COLUMN keys SET STORAGE EXTENDED, ALTER COLUMN hashes SET STORAGE EXTENDED;
