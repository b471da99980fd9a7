-- Random bytes: to look for something to compress in them is time lost.
ALTER TABLE audit_row_hashes ALTER COLUMN keys SET STORAGE EXTERNAL, ALTER COLUMN hashes SET STORAGE EXTERNAL;

-- Written by the owner, as whom `seal_audit` runs.
GRANT SELECT ON audit_row_hashes TO trading_app, trading_auditor;
