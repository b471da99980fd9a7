-- What the chain and the accounts' heads point at.
CREATE UNIQUE INDEX CONCURRENTLY account_transactions_account_head_uniq
  ON account_transactions (account_id, seq, balance_after);
