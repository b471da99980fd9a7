-- What positions are worth, what accounts may still use, and what a night costs. Rows are locked as fills lock them:
-- positions by id, then accounts by id.

-- Values open positions (of one instrument, or all) at the latest marks, then their accounts. A position is valued at the price
-- at which it could be closed: the bid of a long one, the ask of a short one. Margin is the notional at the mid times the larger of
-- the instrument's rate and one by the account's leverage. What has no mark, or no price to convert it, or would be worth more
-- than a column can say, stays as it is: one wrong mark is no reason to value nothing.
CREATE FUNCTION mark_to_market(
  of_instrument uuid DEFAULT NULL, moment timestamptz DEFAULT now(), OUT marked_positions bigint, OUT marked_accounts bigint
) LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  locked uuid[];
  touched uuid[];
BEGIN
  -- Only these: one that is opened meanwhile would be locked out of turn. It is worth what was paid for it anyhow.
  SELECT array_agg(id) INTO locked
    FROM (SELECT id FROM positions
           WHERE is_open AND (of_instrument IS NULL OR instrument_id = of_instrument) ORDER BY id FOR NO KEY UPDATE) AS held;

  WITH latest AS MATERIALIZED (
    SELECT instruments.id, quote_currency, contract_size, margin_rate, mark.mid, coalesce(mark.bid, mark.mid) AS bid,
           coalesce(mark.ask, mark.mid) AS ask
      FROM instruments
      CROSS JOIN LATERAL (
        SELECT mid, bid, ask FROM instrument_marks
         WHERE instrument_id = instruments.id AND marked_at <= moment ORDER BY marked_at DESC LIMIT 1) AS mark
     WHERE instruments.id = of_instrument
        OR of_instrument IS NULL AND EXISTS (SELECT FROM positions WHERE instrument_id = instruments.id AND is_open)
  ), converted AS MATERIALIZED (
    SELECT quote_currency, currency, exponent, known_conversion_rate(quote_currency, currency, moment) AS rate
      FROM (SELECT DISTINCT quote_currency, currency
              FROM positions JOIN latest ON latest.id = instrument_id JOIN accounts ON accounts.id = account_id
             WHERE is_open) AS pairs
      JOIN currencies ON code = currency
  ), valued AS (
    UPDATE positions
       SET current_price = CASE side WHEN 'long' THEN latest.bid ELSE latest.ask END,
           mark_price = latest.mid,
           unrealized_pnl = round_half_even(
             (CASE side WHEN 'long' THEN latest.bid - average_price ELSE average_price - latest.ask END)
               * quantity * latest.contract_size * converted.rate,
             converted.exponent),
           margin_required = round(
             quantity * latest.contract_size * latest.mid * converted.rate * greatest(latest.margin_rate, 1.0 / accounts.leverage), 8)
      FROM latest, accounts, converted
     WHERE positions.id = ANY (locked) AND is_open AND latest.id = instrument_id AND accounts.id = account_id
       AND converted.quote_currency = latest.quote_currency AND converted.currency = accounts.currency
       AND converted.rate IS NOT NULL
       AND quantity * latest.contract_size * greatest(latest.ask, average_price) * converted.rate < 1e16
    RETURNING account_id
  )
  SELECT count(*), array_agg(DISTINCT account_id) INTO marked_positions, touched FROM valued;

  -- Whoever has closed his last position since the last mark has a valuation as well.
  IF of_instrument IS NULL THEN
    touched := touched || ARRAY(
      SELECT id FROM accounts
       WHERE kind = 'client' AND id <> ALL (coalesce(touched, '{}'))
         AND (unrealized_pnl <> 0 OR margin_used <> 0 OR equity <> balance + credit)
         AND NOT EXISTS (SELECT FROM positions WHERE account_id = accounts.id AND is_open));
  END IF;

  PERFORM FROM accounts WHERE id = ANY (touched) ORDER BY id FOR NO KEY UPDATE;
  UPDATE accounts
     SET unrealized_pnl = held.pnl,
         equity = balance + credit + held.pnl,
         margin_used = held.margin,
         margin_available = balance + credit + held.pnl - held.margin,
         -- A margin of almost nothing is covered, or missed, without end.
         margin_level = CASE WHEN held.margin > 0 THEN
           greatest(-9999999999999999, least(round((balance + credit + held.pnl) * 100 / held.margin, 8), 9999999999999999)) END
    FROM (SELECT account.id, coalesce(sum(positions.unrealized_pnl), 0) AS pnl, coalesce(sum(margin_required), 0) AS margin
            FROM unnest(touched) AS account (id) LEFT JOIN positions ON account_id = account.id AND is_open
           GROUP BY account.id) AS held
   WHERE accounts.id = held.id AND abs(balance) + credit + abs(held.pnl) + held.margin < 1e16;
  GET DIAGNOSTICS marked_accounts = ROW_COUNT;
END
$$;
COMMENT ON FUNCTION mark_to_market(uuid, timestamptz) IS 'Values open positions at the latest marks, and their accounts.';

-- Charges (or pays) every position that was open at the end of a day (UTC) and still is, with the quantity of now, the swap of the
-- night: rate times notional at the last mark, or at its average price where there is none. The schedule of the account's group decides, then the one for all
-- groups, then the instrument. One weekday counts three times, for the week-end, which counts nothing. Islamic accounts have
-- no swaps. One journal per account and night: charging again changes nothing.
CREATE FUNCTION charge_night(night date, OUT charged_positions bigint, OUT charged_accounts bigint) LANGUAGE plpgsql AS $$
DECLARE
  day_end timestamptz := (night + 1)::timestamp AT TIME ZONE 'UTC';
  locked uuid[];
  ids uuid[];
  amounts numeric[];
  wrong record;
BEGIN
  -- Only these: one that is opened meanwhile would be locked after the accounts, out of turn.
  -- What is recorded late, or closed between the end of the night and now, is missed.
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
  SELECT * INTO wrong FROM unnest(ids, amounts) AS swap (position, amount) WHERE abs(amount) >= 1e16 ORDER BY position LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'the swap of position % for the night of % would be %', wrong.position, night, trim_scale(wrong.amount)
      USING ERRCODE = 'check_violation', CONSTRAINT = 'positions_swap_within_numbers', TABLE = 'positions',
            HINT = 'Look at the last mark of its instrument before the end of the night, and write a later one; then at the rate.';
  END IF;

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
CREATE FUNCTION accrue_swaps(night date, OUT charged_positions bigint, OUT charged_accounts bigint) LANGUAGE plpgsql SECURITY DEFINER AS $$
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
COMMENT ON FUNCTION accrue_swaps(date) IS 'Books the swap of one night for every open position, once.';

DO $$
DECLARE
  door text;
BEGIN
  FOREACH door IN ARRAY ARRAY['mark_to_market(uuid, timestamptz)', 'accrue_swaps(date)'] LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', door, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', door);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO trading_app', door);
  END LOOP;
  EXECUTE format('ALTER FUNCTION charge_night(date) SET search_path = %I, pg_temp', current_schema());
  REVOKE ALL ON FUNCTION charge_night(date) FROM PUBLIC;
END
$$;
