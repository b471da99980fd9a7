-- What lower apps point at here. Existing rows are checked by the next migration, without a lock that stops trading.
ALTER TABLE orders ADD CONSTRAINT orders_liquidity_provider_id_fk
  FOREIGN KEY (liquidity_provider_id) REFERENCES liquidity_providers (id) NOT VALID;
ALTER TABLE trades ADD CONSTRAINT trades_liquidity_provider_id_fk
  FOREIGN KEY (liquidity_provider_id) REFERENCES liquidity_providers (id) NOT VALID;

-- A profile's user owns its account.
ALTER TABLE client_profiles ADD CONSTRAINT client_profiles_account_user_fk
  FOREIGN KEY (account_id, user_id) REFERENCES accounts (id, user_id) NOT VALID;
