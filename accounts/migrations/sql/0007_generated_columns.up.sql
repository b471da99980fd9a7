-- What a row points at in its own chain. There is no generated column without a rewrite, and without one the chain
-- would have to be checked by code.
-- squawk-ignore adding-field-with-default
ALTER TABLE accounts ADD COLUMN head_seq bigint GENERATED ALWAYS AS (nullif(last_seq, 0)) STORED;
-- squawk-ignore adding-field-with-default
ALTER TABLE account_transactions ADD COLUMN prev_seq bigint GENERATED ALWAYS AS (nullif(seq - 1, 0)) STORED;
-- squawk-ignore adding-field-with-default
ALTER TABLE account_audit ADD COLUMN prev_seq bigint GENERATED ALWAYS AS (nullif(seq - 1, 0)) STORED;
