-- What is held, ordered and was paid is told in these terms. The lock waits for whoever orders or opens an account at this
-- moment, and makes the next one wait: neither is overlooked, neither sees half of a change. A new order has its lock before it
-- reads the terms, therefore, not at its commit.
ALTER TABLE orders ALTER CONSTRAINT orders_instrument_id_fk NOT DEFERRABLE;
CREATE FUNCTION check_instrument_terms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
    RAISE EXCEPTION 'whether % is held or ordered by now, a transaction that reads an older state does not see', OLD.symbol
      USING ERRCODE = 'check_violation', CONSTRAINT = 'instruments_terms_in_use', TABLE = 'instruments',
            HINT = 'Change its terms at READ COMMITTED.';
  END IF;
  PERFORM FROM instruments WHERE id = OLD.id FOR UPDATE;
  IF (OLD.base_currency, OLD.quote_currency) IS DISTINCT FROM (NEW.base_currency, NEW.quote_currency)
     AND EXISTS (SELECT FROM trades WHERE instrument_id = OLD.id)
  THEN
    RAISE EXCEPTION '% has been traded: its currencies never change', OLD.symbol
      USING ERRCODE = 'check_violation', CONSTRAINT = 'instruments_currencies_immutable', TABLE = 'instruments',
            HINT = 'List another instrument, and take this one out of trading.';
  END IF;
  IF EXISTS (SELECT FROM positions WHERE instrument_id = OLD.id AND is_open)
     OR EXISTS (SELECT FROM orders WHERE instrument_id = OLD.id
                   AND status IN ('pending_new', 'new', 'partially_filled', 'done_for_day', 'pending_cancel', 'pending_replace',
                                  'stopped', 'suspended'))
  THEN
    RAISE EXCEPTION '% is held or ordered: its contract size, currencies, tick and step stay', OLD.symbol
      USING ERRCODE = 'check_violation', CONSTRAINT = 'instruments_terms_in_use', TABLE = 'instruments',
            HINT = 'Close its positions and cancel its orders first, or list another instrument.';
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION check_instrument_terms() IS 'BEFORE UPDATE of the terms that positions and orders are told in.';

-- Which zones there are is the server's to say, so that no CHECK can. An unknown one would end the expiry of all orders.
CREATE FUNCTION check_instrument_zone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM now() AT TIME ZONE NEW.time_zone;
  RETURN NEW;
EXCEPTION WHEN invalid_parameter_value THEN
  RAISE EXCEPTION '%: the time zone "%" is unknown', NEW.symbol, NEW.time_zone
    USING ERRCODE = 'check_violation', CONSTRAINT = 'instruments_time_zone_known', TABLE = 'instruments',
          HINT = 'Give the IANA name of a zone, as America/New_York.';
END
$$;
COMMENT ON FUNCTION check_instrument_zone() IS 'BEFORE INSERT, UPDATE of the time zone of instruments: one that the server knows.';

DO $$
DECLARE
  rule text;
BEGIN
  FOREACH rule IN ARRAY ARRAY['check_instrument_terms', 'check_instrument_zone'] LOOP
    EXECUTE format('ALTER FUNCTION %I() SET search_path = %I, pg_temp', rule, current_schema());
  END LOOP;
END
$$;
REVOKE ALL ON FUNCTION check_instrument_terms(), check_instrument_zone() FROM PUBLIC;
