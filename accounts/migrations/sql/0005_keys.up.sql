-- Django has no composite foreign keys. This one comes unvalidated, so that the tables are locked for a moment only;
-- the next migration validates it.

-- A ledger entry is in its account's currency. This is the key on account and on currency as well.
ALTER TABLE account_transactions
  ADD CONSTRAINT account_transactions_account_currency_fk
  FOREIGN KEY (account_id, currency) REFERENCES accounts (id, currency) NOT VALID;
