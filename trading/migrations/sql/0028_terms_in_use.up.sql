-- What is over is charged, and what is in use stays.

-- Charges (or pays) every position that is open at the end of a day (UTC) the swap of the night: rate times notional at the last
-- mark, or at its average price where there is none. The schedule of the account's group decides, then the one for all
-- groups, then the instrument. One weekday counts three times, for the week-end, which counts nothing. Islamic accounts have
-- no swaps. One journal per account and night: charging again changes nothing.
CREATE FUNCTION charge_night(night date, OUT charged_positions bigint, OUT charged_accounts bigint) LANGUAGE plpgsql AS $$
DECLARE
  day_end timestamptz := (night + 1)::timestamp AT TIME ZONE 'UTC';
  locked uuid[];
  ids uuid[];
  amounts numeric[];
BEGIN
  -- Only these: one that is opened meanwhile would be locked after the accounts, out of turn.
  -- The night is over when it is charged, so nothing that was open at its end is missed but what is recorded late.
  SELECT array_agg(id) INTO locked
    FROM (SELECT id FROM positions WHERE is_open AND open_time < day_end ORDER BY id FOR NO KEY UPDATE) AS held;
  -- All at once, the house's too: journal by journal the house would be locked before the next client.
  PERFORM FROM accounts
    WHERE kind = 'house' OR id IN (SELECT account_id FROM positions WHERE id = ANY (locked))
    ORDER BY id FOR NO KEY UPDATE;

  SELECT array_agg(id), array_agg(amount) INTO ids, amounts
    FROM (SELECT positions.id,
                 round_half_even(
                   rate.swap * nights.number * quantity * contract_size * coalesce(mark.mid, average_price)
                     * CASE WHEN rate.swap * nights.number = 0 THEN 0
                            WHEN quote_currency = accounts.currency THEN 1
                            ELSE conversion_rate(quote_currency, accounts.currency, day_end) END,
                   exponent) AS amount
            FROM positions
            JOIN instruments ON instruments.id = instrument_id
            JOIN accounts ON accounts.id = account_id
            JOIN currencies ON code = accounts.currency
            LEFT JOIN LATERAL (
              SELECT swap_long, swap_short, triple_swap_weekday FROM fee_schedules
               WHERE fee_schedules.instrument_id = instruments.id AND account_group IN (group_name, '')
                 AND tstzrange(valid_from, valid_until) @> day_end - interval '1 microsecond'
               ORDER BY account_group DESC LIMIT 1) AS schedule ON true
            LEFT JOIN LATERAL (
              SELECT mid FROM instrument_marks
               WHERE instrument_marks.instrument_id = instruments.id AND marked_at < day_end ORDER BY marked_at DESC LIMIT 1) AS mark ON true
            CROSS JOIN LATERAL (
              SELECT CASE side WHEN 'long' THEN coalesce(schedule.swap_long, instruments.swap_long)
                               ELSE coalesce(schedule.swap_short, instruments.swap_short) END) AS rate (swap)
            CROSS JOIN LATERAL (
              SELECT CASE WHEN extract(isodow FROM night) = coalesce(triple_swap_weekday, 3) THEN 3
                          WHEN extract(isodow FROM night) >= 6 THEN 0
                          ELSE 1 END) AS nights (number)
           WHERE positions.id = ANY (locked) AND positions.is_open AND account_type <> 'islamic'
             AND NOT EXISTS (SELECT FROM journals WHERE idempotency_key = concat_ws(':', 'swap', account_id, night))) AS swaps
   WHERE amount <> 0;

  UPDATE positions SET swap_charges = swap_charges + amount FROM unnest(ids, amounts) AS swap (position, amount) WHERE id = position;
  GET DIAGNOSTICS charged_positions = ROW_COUNT;

  SELECT count(post_journal('swap', concat_ws(':', 'swap', account, night), legs, 'Swap of ' || night)) INTO charged_accounts
    FROM (SELECT accounts.id AS account,
                 jsonb_agg(jsonb_build_object(
                   'account', accounts.id, 'type', 'swap', 'amount', amount, 'reference_type', 'positions', 'reference_id', position)
                   ORDER BY position)
                 || CASE WHEN sum(amount) = 0 THEN '[]'
                         ELSE jsonb_build_array(jsonb_build_object(
                           'account', house_account(currency, account_type = 'demo', accounts.id), 'type', 'swap', 'amount', -sum(amount))) END AS legs
            FROM unnest(ids, amounts) AS swap (position, amount)
            JOIN positions ON positions.id = position
            JOIN accounts ON accounts.id = account_id
           GROUP BY accounts.id) AS journal;
END
$$;
COMMENT ON FUNCTION charge_night(date) IS 'Books the swap of one night for every open position, once; for the owner, who may pretend that it is over.';

-- Positions are still opened and closed in a night that is not over.
CREATE OR REPLACE FUNCTION accrue_swaps(night date, OUT charged_positions bigint, OUT charged_accounts bigint) LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  day_end timestamptz := (night + 1)::timestamp AT TIME ZONE 'UTC';
BEGIN
  IF day_end > now() THEN
    RAISE EXCEPTION 'the night of % is not over', night
      USING ERRCODE = 'check_violation', CONSTRAINT = 'positions_swap_night_over', TABLE = 'positions',
            HINT = format('Charge it from %s UTC on.', to_char(day_end AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'));
  END IF;
  SELECT * INTO charged_positions, charged_accounts FROM charge_night(night);
END
$$;

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

DO $$
DECLARE
  rule text;
BEGIN
  FOREACH rule IN ARRAY ARRAY['accrue_swaps(date)', 'charge_night(date)', 'check_instrument_terms()'] LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', rule, current_schema());
  END LOOP;
END
$$;
REVOKE ALL ON FUNCTION charge_night(date), check_instrument_terms() FROM PUBLIC;
