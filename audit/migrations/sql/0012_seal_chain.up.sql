-- Nothing has written to the table so far: changing it under a full lock stops nobody.
-- squawk-ignore ban-drop-constraint
ALTER TABLE audit_seals DROP CONSTRAINT audit_seals_successor_uniq;
-- squawk-ignore ban-drop-constraint
ALTER TABLE audit_seals DROP CONSTRAINT audit_seals_transactions_excl;
-- squawk-ignore ban-drop-constraint
ALTER TABLE audit_seals DROP CONSTRAINT audit_seals_period_check;

ALTER TABLE audit_seals ADD COLUMN kind varchar(10) DEFAULT 'rows' NOT NULL;
-- squawk-ignore ban-drop-default
ALTER TABLE audit_seals ALTER COLUMN kind DROP DEFAULT;
ALTER TABLE audit_seals ADD COLUMN period varchar(10) DEFAULT '' NOT NULL;
ALTER TABLE audit_seals ADD COLUMN details text DEFAULT '' NOT NULL;
ALTER TABLE audit_seals ADD COLUMN txid bigint DEFAULT 0 NOT NULL;
ALTER TABLE audit_seals ALTER COLUMN txid SET DEFAULT transaction_number();
-- squawk-ignore ban-drop-not-null
ALTER TABLE audit_seals ALTER COLUMN lo DROP NOT NULL;
-- squawk-ignore ban-drop-not-null
ALTER TABLE audit_seals ALTER COLUMN hi DROP NOT NULL;
ALTER TABLE audit_seals ALTER COLUMN row_count SET DEFAULT 0;
ALTER TABLE audit_seals ALTER COLUMN sealed_table SET DEFAULT '';

-- squawk-ignore disallowed-unique-constraint, constraint-missing-not-valid
ALTER TABLE audit_seals ADD CONSTRAINT audit_seals_successor_uniq UNIQUE NULLS NOT DISTINCT (previous_hash);
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE audit_seals ADD CONSTRAINT audit_seals_transactions_excl
    EXCLUDE USING gist (sealed_table WITH =, period WITH =, int8range(lo, hi) WITH &&) WHERE (kind = 'rows');
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE audit_seals ADD CONSTRAINT audit_seals_kind_check
    CHECK (kind IN ('start', 'layout', 'rows', 'code', 'tombstone', 'restored'));
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE audit_seals ADD CONSTRAINT audit_seals_period_check
    CHECK ((kind = 'rows' AND lo IS NOT NULL AND hi > lo AND sealed_table <> '')
           OR (kind <> 'rows' AND lo IS NULL AND hi IS NULL));
-- A link without the one before it cannot be written.
-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
ALTER TABLE audit_seals ADD CONSTRAINT audit_seals_previous_hash_fk
    FOREIGN KEY (previous_hash) REFERENCES audit_seals (hash);

-- Seals are written by the owner, as whom `seal_audit` runs; who writes what is sealed does not write seals.
REVOKE INSERT ON audit_seals FROM trading_app;
GRANT SELECT ON audit_seal_chunks TO trading_app, trading_auditor;
