ALTER TABLE account_audit DROP COLUMN prev_seq;
ALTER TABLE account_transactions DROP COLUMN prev_seq;
ALTER TABLE accounts DROP COLUMN head_seq;
