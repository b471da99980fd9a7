ALTER TABLE trades DROP CONSTRAINT trades_fill_order_fk;
ALTER TABLE trades DROP CONSTRAINT trades_position_fk;
ALTER TABLE positions DROP CONSTRAINT positions_account_oms_type_fk;
ALTER TABLE trades DROP CONSTRAINT trades_account_user_fk;
ALTER TABLE positions DROP CONSTRAINT positions_account_user_fk;
ALTER TABLE orders DROP CONSTRAINT orders_account_user_fk;
