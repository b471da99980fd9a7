-- Django has no composite foreign keys. They come unvalidated, so that the tables are locked for a moment only;
-- the next migration validates them.

-- Whoever orders, holds or trades owns the account. This is the key on account and on user as well.
ALTER TABLE orders
  ADD CONSTRAINT orders_account_user_fk
  FOREIGN KEY (account_id, user_id) REFERENCES accounts (id, user_id) NOT VALID;
ALTER TABLE positions
  ADD CONSTRAINT positions_account_user_fk
  FOREIGN KEY (account_id, user_id) REFERENCES accounts (id, user_id) NOT VALID;
ALTER TABLE trades
  ADD CONSTRAINT trades_account_user_fk
  FOREIGN KEY (account_id, user_id) REFERENCES accounts (id, user_id) NOT VALID;

-- A position nets or hedges as its account does; an account that has positions cannot change it.
ALTER TABLE positions
  ADD CONSTRAINT positions_account_oms_type_fk
  FOREIGN KEY (account_id, oms_type) REFERENCES accounts (id, oms_type) NOT VALID;

-- A trade is in the account and the instrument of its position, and its fill is one of its order.
ALTER TABLE trades
  ADD CONSTRAINT trades_position_fk
  FOREIGN KEY (position_id, account_id, instrument_id) REFERENCES positions (id, account_id, instrument_id) NOT VALID;
ALTER TABLE trades
  ADD CONSTRAINT trades_fill_order_fk
  FOREIGN KEY (fill_id, order_id) REFERENCES order_fills (id, order_id) NOT VALID;
