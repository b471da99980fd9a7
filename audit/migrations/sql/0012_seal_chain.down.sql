REVOKE SELECT ON audit_seal_chunks FROM trading_app, trading_auditor;
GRANT INSERT ON audit_seals TO trading_app;

ALTER TABLE audit_seals DROP CONSTRAINT audit_seals_previous_hash_fk;
ALTER TABLE audit_seals DROP CONSTRAINT audit_seals_period_check;
ALTER TABLE audit_seals DROP CONSTRAINT audit_seals_kind_check;
ALTER TABLE audit_seals DROP CONSTRAINT audit_seals_transactions_excl;
ALTER TABLE audit_seals DROP CONSTRAINT audit_seals_successor_uniq;

ALTER TABLE audit_seals ALTER COLUMN sealed_table DROP DEFAULT;
ALTER TABLE audit_seals ALTER COLUMN row_count DROP DEFAULT;
ALTER TABLE audit_seals ALTER COLUMN hi SET NOT NULL;
ALTER TABLE audit_seals ALTER COLUMN lo SET NOT NULL;
ALTER TABLE audit_seals DROP COLUMN txid;
ALTER TABLE audit_seals DROP COLUMN details;
ALTER TABLE audit_seals DROP COLUMN period;
ALTER TABLE audit_seals DROP COLUMN kind;

ALTER TABLE audit_seals ADD CONSTRAINT audit_seals_period_check CHECK (hi > lo);
ALTER TABLE audit_seals ADD CONSTRAINT audit_seals_transactions_excl
    EXCLUDE USING gist (sealed_table WITH =, int8range(lo, hi) WITH &&);
ALTER TABLE audit_seals ADD CONSTRAINT audit_seals_successor_uniq
    UNIQUE NULLS NOT DISTINCT (sealed_table, previous_hash);
