DROP FUNCTION check_instrument_terms();

-- Charges (or pays) every position that is open at the end of a day (UTC) the swap of the night: rate times notional at the last
-- mark, or at its average price where there is none. The schedule of the account's group decides, then the one for all
-- groups, then the instrument. One weekday counts three times, for the week-end, which counts nothing. Islamic accounts have
-- no swaps. One journal per account and night: charging again changes nothing.
CREATE OR REPLACE FUNCTION accrue_swaps(night date, OUT charged_positions bigint, OUT charged_accounts bigint) LANGUAGE plpgsql SECURITY DEFINER AS $$
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

DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION accrue_swaps(date) SET search_path = %I, pg_temp', current_schema());
END
$$;
DROP FUNCTION charge_night(date);
ALTER TABLE orders ALTER CONSTRAINT orders_instrument_id_fk DEFERRABLE INITIALLY DEFERRED;
