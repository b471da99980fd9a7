-- What a venue reports is held to the instrument, to time and to reason: on tick and step, between the receipt of the order
-- and now, and for a commission below the notional.
CREATE OR REPLACE FUNCTION apply_fill(
  order_id uuid,
  price numeric,
  quantity numeric,
  venue text,
  execution_id text,
  liquidity_type text DEFAULT 'taker',
  executed_at timestamptz DEFAULT NULL,
  commission numeric DEFAULT 0,
  is_late boolean DEFAULT false,
  dealer text DEFAULT '',
  metadata jsonb DEFAULT '{}',
  actor text DEFAULT NULL,
  reason text DEFAULT NULL,
  OUT fill_id uuid,
  OUT trade_ids uuid[],
  OUT position_id uuid,
  OUT realized_pnl numeric,
  OUT journal_id uuid,
  OUT is_new boolean
) LANGUAGE plpgsql SECURITY DEFINER AS $$
#variable_conflict use_column
DECLARE
  asked record;
  first record;
  held positions;
  done trades;
  fill_price numeric(24, 8) := price;
  fill_quantity numeric(24, 8) := quantity;
  fill_commission numeric(24, 8);
  notional numeric;
  remaining numeric(24, 8) := quantity;
  own_side text;
  legs jsonb := '[]';
  -- For what is assigned rather than performed, which would be a statement of its own.
  told text;
  is_booked boolean;
BEGIN
  IF actor IS NOT NULL THEN
    told := set_config('trading.actor', actor, true);
    told := set_config('trading.reason', coalesce(apply_fill.reason, ''), true);
  END IF;

  -- A live order holds the terms of its instrument; a dead one does not, nor does a position that is not there yet.
  IF apply_fill.is_late THEN
    PERFORM FROM instruments WHERE id = (SELECT instrument_id FROM orders WHERE orders.id = apply_fill.order_id) FOR KEY SHARE;
  END IF;
  SELECT orders.id, account_id, orders.user_id, instrument_id, side, is_reduce_only, stop_loss, take_profit, execution_type,
         orders.liquidity_provider_id, oms_type, accounts.kind, currency, account_type = 'demo' AS is_demo, exponent, contract_size,
         quote_currency, symbol, tick_size, quantity_step, received_at
    INTO asked
    FROM orders
    JOIN accounts ON accounts.id = account_id
    JOIN currencies ON code = currency
    JOIN instruments ON instruments.id = instrument_id
   WHERE orders.id = order_id
     FOR NO KEY UPDATE OF orders;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no order %', order_id
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'order_fills_order_id_fk', TABLE = 'order_fills', HINT = 'Look its id up again.';
  END IF;
  -- The house is the other side of every trade; with itself nothing would be booked.
  IF asked.kind <> 'client' THEN
    RAISE EXCEPTION 'order % is of a % account, which does not trade', order_id, asked.kind
      USING ERRCODE = 'check_violation', CONSTRAINT = 'order_fills_client_account', TABLE = 'order_fills',
            HINT = 'Only clients'' accounts hold positions.';
  END IF;
  fill_commission := round_half_even(commission, asked.exponent);
  -- Not a number is greater than every number, also for a CHECK; infinite times would stay.
  IF 'NaN' IN (fill_price, fill_quantity, fill_commission) OR NOT isfinite(apply_fill.executed_at) THEN
    RAISE EXCEPTION 'execution % of % of order %: price, quantity, commission and time are finite', execution_id, venue, order_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'order_fills_finite', TABLE = 'order_fills', HINT = 'Ask the venue.';
  END IF;

  IF mod(fill_price, asked.tick_size) <> 0 THEN
    RAISE EXCEPTION 'execution % of %: the price % is no multiple of the tick % of %', execution_id, venue, trim_scale(fill_price), trim_scale(asked.tick_size), asked.symbol
      USING ERRCODE = 'check_violation', CONSTRAINT = 'order_fills_price_on_tick', TABLE = 'order_fills', HINT = 'Ask the venue.';
  END IF;
  IF mod(fill_quantity, asked.quantity_step) <> 0 THEN
    RAISE EXCEPTION 'execution % of %: the quantity % is no multiple of the step % of %', execution_id, venue, trim_scale(fill_quantity), trim_scale(asked.quantity_step), asked.symbol
      USING ERRCODE = 'check_violation', CONSTRAINT = 'order_fills_quantity_on_step', TABLE = 'order_fills', HINT = 'Ask the venue.';
  END IF;
  -- Of this clock and the venue's.
  IF apply_fill.executed_at NOT BETWEEN asked.received_at - interval '1 minute' AND now() + interval '1 minute' THEN
    RAISE EXCEPTION 'execution % of %: % is not between the receipt of order % and now', execution_id, venue, apply_fill.executed_at, order_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'order_fills_executed_in_time', TABLE = 'order_fills',
            HINT = 'Ask the venue for the time of the execution, and compare the clocks.';
  END IF;
  -- Nobody pays more than the whole. The usual share of it is told without a price that converts.
  notional := abs(fill_price * fill_quantity * asked.contract_size);
  IF abs(fill_commission) > notional / (CASE WHEN asked.quote_currency = asked.currency THEN 1 ELSE 10000 END)
     AND abs(fill_commission) > notional * coalesce(known_conversion_rate(asked.quote_currency, asked.currency, now()), 1)
  THEN
    RAISE EXCEPTION 'execution % of %: a commission of % % is more than what was traded', execution_id, venue, trim_scale(fill_commission), asked.currency
      USING ERRCODE = 'check_violation', CONSTRAINT = 'order_fills_commission_within_notional', TABLE = 'order_fills',
            HINT = 'Commissions are in the currency of the account.';
  END IF;

  -- Inserted first, never looked up first: of two at once, one waits here for the other. The trigger moves the order.
  INSERT INTO order_fills (
    order_id, fill_price, fill_quantity, fill_commission, commission_currency, liquidity_type, venue, execution_id, executed_at,
    is_late, dealer)
  VALUES (
    order_id, fill_price, fill_quantity, fill_commission, asked.currency, apply_fill.liquidity_type, apply_fill.venue,
    apply_fill.execution_id, coalesce(apply_fill.executed_at, now()), apply_fill.is_late, apply_fill.dealer)
  ON CONFLICT ON CONSTRAINT order_fills_execution_id_uniq DO NOTHING
  RETURNING id, executed_at INTO first;
  is_new := FOUND;

  IF NOT is_new THEN
    SELECT * INTO first FROM order_fills
     WHERE order_fills.venue = apply_fill.venue AND order_fills.execution_id = apply_fill.execution_id;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'execution % of % was recorded meanwhile', execution_id, venue
        USING ERRCODE = 'serialization_failure', HINT = 'Try the transaction again.';
    END IF;
    IF (first.order_id, first.fill_price, first.fill_quantity, first.fill_commission, first.liquidity_type, first.is_late, first.dealer)
       IS DISTINCT FROM
       (order_id, fill_price, fill_quantity, fill_commission, apply_fill.liquidity_type, apply_fill.is_late, apply_fill.dealer)
       OR first.executed_at <> apply_fill.executed_at
    THEN
      RAISE EXCEPTION 'execution % of % is recorded as fill % of order %, with another content', execution_id, venue, first.id, first.order_id
        USING ERRCODE = 'unique_violation', CONSTRAINT = 'order_fills_execution_content', TABLE = 'order_fills',
              HINT = 'Ask the venue; correct the trade if the record is wrong.';
    END IF;
    -- Of a flip the closing came first.
    SELECT array_agg(id ORDER BY position_effect), (array_agg(trades.position_id ORDER BY position_effect DESC))[1], sum(pnl)
      INTO trade_ids, position_id, realized_pnl
      FROM trades WHERE trades.fill_id = first.id;
    SELECT id INTO journal_id FROM journals WHERE idempotency_key = 'fill:' || first.id;
    fill_id := first.id;
    RETURN;
  END IF;

  fill_id := first.id;
  trade_ids := '{}';
  realized_pnl := 0;
  own_side := CASE asked.side WHEN 'buy' THEN 'long' ELSE 'short' END;
  done.order_id := order_id;
  done.fill_id := first.id;
  done.side := asked.side;
  done.price := fill_price;
  done.contract_size := asked.contract_size;
  done.execution_type := asked.execution_type;
  done.liquidity_type := liquidity_type;
  done.liquidity_provider_id := asked.liquidity_provider_id;
  done.venue := venue;
  done.executed_at := first.executed_at;
  done.metadata := metadata;

  LOOP
    IF asked.oms_type = 'netting' THEN
      SELECT * INTO held FROM positions
       WHERE account_id = asked.account_id AND instrument_id = asked.instrument_id AND is_open AND oms_type = 'netting'
         FOR NO KEY UPDATE;
    ELSE
      SELECT * INTO held FROM positions
       WHERE account_id = asked.account_id AND instrument_id = asked.instrument_id AND is_open AND oms_type = 'hedging'
         AND (side = own_side) <> asked.is_reduce_only
         FOR NO KEY UPDATE;
    END IF;
    IF asked.is_reduce_only AND (held.id IS NULL OR held.side = own_side OR held.quantity < remaining) THEN
      RAISE EXCEPTION 'order % is reduce-only: there is no position from which it could take %', order_id, trim_scale(remaining)
        USING ERRCODE = 'check_violation', CONSTRAINT = 'orders_reduce_only', TABLE = 'orders',
              HINT = 'Cancel the order; an execution that has happened belongs to an order that may open a position.';
    END IF;

    done.id := uuidv7();
    IF held.id IS NULL OR held.side = own_side THEN
      done.quantity := remaining;
      done.commission := fill_commission;
      done.pnl := 0;
      done.conversion_rate := 1;
      done.position_effect := 'open';
      IF held.id IS NULL THEN
        held.id := uuidv7();
        held.account_id := asked.account_id;
        held.user_id := asked.user_id;
        held.oms_type := asked.oms_type;
        held.instrument_id := asked.instrument_id;
        held.side := own_side;
        held.quantity := 0;
        held.average_price := 0;
        held.stop_loss := asked.stop_loss;
        held.take_profit := asked.take_profit;
        held.last_seq := 0;
      END IF;
      -- Another fill has opened the position in this moment: this one increases it.
      CONTINUE WHEN NOT book_trade(
        held, held.quantity + remaining,
        round((held.average_price * held.quantity + fill_price * remaining) / (held.quantity + remaining), 8), done);
    ELSE
      done.quantity := least(remaining, held.quantity);
      -- The part that closes bears its share.
      done.commission := CASE WHEN done.quantity = remaining THEN fill_commission
                              ELSE round_half_even(fill_commission * done.quantity / remaining, asked.exponent) END;
      done.conversion_rate := CASE WHEN asked.quote_currency = asked.currency THEN 1
                                   ELSE conversion_rate(asked.quote_currency, asked.currency, done.executed_at) END;
      done.pnl := round_half_even(
        (fill_price - held.average_price) * CASE held.side WHEN 'long' THEN 1 ELSE -1 END * done.quantity * asked.contract_size
          * done.conversion_rate,
        asked.exponent);
      done.position_effect := 'close';
      is_booked := book_trade(held, held.quantity - done.quantity, held.average_price, done);
    END IF;

    trade_ids := trade_ids || done.id;
    position_id := held.id;
    realized_pnl := realized_pnl + done.pnl;
    IF done.pnl <> 0 OR done.commission <> 0 THEN
      legs := legs || trade_legs(asked.account_id, house_account(asked.currency, asked.is_demo, asked.account_id), done.id, done.pnl, done.commission);
    END IF;
    fill_commission := fill_commission - done.commission;
    remaining := remaining - done.quantity;
    EXIT WHEN remaining = 0;
  END LOOP;

  IF legs <> '[]' THEN
    journal_id := post_journal('trade', 'fill:' || first.id, legs, metadata => jsonb_build_object('fill', first.id));
  END IF;
END
$$;

DO $$
BEGIN
  EXECUTE format(
    'ALTER FUNCTION apply_fill(uuid, numeric, numeric, text, text, text, timestamptz, numeric, boolean, text, jsonb, text, text)'
    ' SET search_path = %I, pg_temp', current_schema());
END
$$;
