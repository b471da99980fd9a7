DROP FUNCTION check_instrument_terms();
DROP FUNCTION check_instrument_zone();
ALTER TABLE orders ALTER CONSTRAINT orders_instrument_id_fk DEFERRABLE INITIALLY DEFERRED;
