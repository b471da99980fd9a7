-- A fill moves its order, the position, the trades and the ledger in one round trip. Everybody locks in the same order:
-- order, position, accounts by id.

-- Half to even, as money is rounded: round() of numeric rounds half away from zero, which favours nobody but adds up.
-- In a language that keeps its plans, here and below: an SQL function that cannot be inlined is parsed at each call.
CREATE FUNCTION round_half_even(amount numeric, decimals integer) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN CASE
    WHEN abs(amount - trunc(amount, decimals)) = ('5e-' || decimals + 1)::numeric
         AND mod(trunc(amount, decimals) * ('1e' || decimals)::numeric, 2) = 0
      THEN trunc(amount, decimals)
    ELSE round(amount, decimals)
  END;
END
$$;
COMMENT ON FUNCTION round_half_even(numeric, integer) IS 'Rounds to a number of decimals, ties to the even neighbour.';

-- The latest mid of the pair, whichever way round it is traded: of several instruments the one that was marked last.
CREATE FUNCTION pair_rate(from_currency text, to_currency text, moment timestamptz) RETURNS numeric LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN base_currency = from_currency THEN latest.mid ELSE 1 / latest.mid END
    FROM instruments
    CROSS JOIN LATERAL (
      SELECT mid, marked_at FROM instrument_marks
       WHERE instrument_id = instruments.id AND marked_at <= moment ORDER BY marked_at DESC LIMIT 1) AS latest
   WHERE (base_currency = from_currency AND quote_currency = to_currency OR base_currency = to_currency AND quote_currency = from_currency)
     AND deleted_at IS NULL
   ORDER BY latest.marked_at DESC, base_currency = from_currency DESC, symbol LIMIT 1
$$;
COMMENT ON FUNCTION pair_rate(text, text, timestamptz) IS 'Latest mid of a pair or of its inverse at a moment; null if there is none.';

CREATE FUNCTION known_conversion_rate(from_currency text, to_currency text, moment timestamptz) RETURNS numeric LANGUAGE sql STABLE AS $$
  SELECT round(
    CASE WHEN from_currency = to_currency THEN 1
         ELSE coalesce(pair_rate(from_currency, to_currency, moment),
                       pair_rate(from_currency, 'USD', moment) * pair_rate('USD', to_currency, moment)) END, 16)
$$;
COMMENT ON FUNCTION known_conversion_rate(text, text, timestamptz) IS 'As conversion_rate(), or null where no price is known.';

CREATE FUNCTION conversion_rate(from_currency text, to_currency text, moment timestamptz DEFAULT now()) RETURNS numeric LANGUAGE plpgsql STABLE AS $$
DECLARE
  rate numeric := known_conversion_rate(from_currency, to_currency, moment);
BEGIN
  IF rate IS NULL THEN
    RAISE EXCEPTION 'no price to convert % into % at %', from_currency, to_currency, moment
      USING ERRCODE = 'check_violation', CONSTRAINT = 'instrument_marks_convert',
            HINT = format('Write a mark of %s/%s, or of both against USD, of that time or before.', from_currency, to_currency);
  END IF;
  RETURN rate;
END
$$;
COMMENT ON FUNCTION conversion_rate(text, text, timestamptz) IS 'Units of to_currency for one of from_currency at a moment: from marks of the pair, its inverse, or both against USD.';

-- Writes one trade with what it makes of a position, and the event that says so. `held` is the position before: locked,
-- or with last_seq 0 to be opened. False: somebody else has opened one meanwhile.
CREATE FUNCTION book_trade(held positions, quantity_after numeric, average_after numeric, done trades) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  average_before numeric(24, 8) := CASE WHEN held.last_seq > 0 THEN held.average_price END;
BEGIN
  IF held.last_seq = 0 THEN
    INSERT INTO positions (
      id, account_id, user_id, oms_type, instrument_id, side, quantity, entry_price, average_price, realized_pnl, commission_paid,
      stop_loss, take_profit, open_time, last_seq)
    VALUES (
      held.id, held.account_id, held.user_id, held.oms_type, held.instrument_id, held.side, quantity_after, average_after,
      average_after, done.pnl, done.commission, held.stop_loss, held.take_profit, done.executed_at, 1)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
      RETURN false;
    END IF;
  ELSE
    -- The valuation shrinks with what is held; the next mark values it anew.
    UPDATE positions
       SET quantity = quantity_after,
           average_price = average_after,
           realized_pnl = realized_pnl + done.pnl,
           commission_paid = commission_paid + done.commission,
           margin_required = round(margin_required * quantity_after / quantity, 8),
           unrealized_pnl = round(unrealized_pnl * least(quantity_after / quantity, 1), 8),
           is_open = quantity_after > 0,
           close_time = CASE WHEN quantity_after = 0 THEN greatest(done.executed_at, open_time) END,
           last_seq = last_seq + 1
     WHERE id = held.id;
  END IF;

  INSERT INTO trades (
    id, account_id, user_id, position_id, order_id, fill_id, instrument_id, side, quantity, price, contract_size, commission, pnl,
    conversion_rate, execution_type, liquidity_type, liquidity_provider_id, venue, execution_id, position_effect, executed_at,
    busts_id, metadata)
  VALUES (
    done.id, held.account_id, held.user_id, held.id, done.order_id, done.fill_id, held.instrument_id, done.side, done.quantity,
    done.price, done.contract_size, done.commission, done.pnl, done.conversion_rate, done.execution_type, done.liquidity_type,
    done.liquidity_provider_id, done.venue, done.id::text, done.position_effect, done.executed_at, done.busts_id, done.metadata);

  INSERT INTO position_audit (
    position_id, seq, event_type, trade_id, quantity_before, quantity_after, price, data, triggered_by, reason)
  VALUES (
    held.id, held.last_seq + 1,
    CASE WHEN held.last_seq = 0 THEN 'opened' WHEN quantity_after = 0 THEN 'closed'
         WHEN quantity_after > held.quantity THEN 'increased' ELSE 'decreased' END,
    done.id, CASE WHEN held.last_seq = 0 THEN 0 ELSE held.quantity END, quantity_after, done.price,
    jsonb_build_object('average_price', jsonb_build_array(average_before, average_after)),
    left(coalesce(current_setting('trading.actor', true), ''), 64), left(coalesce(current_setting('trading.reason', true), ''), 255));
  RETURN true;
END
$$;
COMMENT ON FUNCTION book_trade(positions, numeric, numeric, trades) IS 'Writes a trade, what it makes of its position, and the event.';

-- What a trade earns or costs the client, against the house: legs for post_journal().
CREATE FUNCTION trade_legs(account uuid, house uuid, trade uuid, pnl numeric, commission numeric) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  legs jsonb := '[]';
BEGIN
  IF pnl <> 0 THEN
    legs := jsonb_build_array(
      jsonb_build_object(
        'account', account, 'type', 'realized_pnl', 'amount', pnl, 'reference_type', 'trades', 'reference_id', trade),
      jsonb_build_object(
        'account', house, 'type', 'realized_pnl', 'amount', -pnl, 'reference_type', 'trades', 'reference_id', trade));
  END IF;
  IF commission <> 0 THEN
    legs := legs || jsonb_build_array(
      jsonb_build_object(
        'account', account, 'type', 'commission', 'amount', -commission, 'reference_type', 'trades', 'reference_id', trade),
      jsonb_build_object(
        'account', house, 'type', 'commission', 'amount', commission, 'reference_type', 'trades', 'reference_id', trade));
  END IF;
  RETURN legs;
END
$$;
COMMENT ON FUNCTION trade_legs(uuid, uuid, uuid, numeric, numeric) IS 'Profit and commission of a trade as legs of a journal.';

-- Quantities in contracts, price in quote currency, commission in the account's currency (negative: a rebate).
-- A netting account has one position per instrument: a fill opens, increases, decreases or closes it; what is left of a
-- fill that closes it opens another one. In a hedging account an order opens or increases the position of its own side,
-- and only a reduce-only order takes from the other side's.
-- What a venue reports is held to the instrument, to time and to reason: on tick and step, between the receipt of the order
-- and now, and for a commission below the notional.
-- The same execution again returns what it did the first time, or fails if it is told differently.
-- SECURITY DEFINER: what belongs together is written together, or not at all.
CREATE FUNCTION apply_fill(
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

  -- Of what is new only: a report that comes again was held to the terms of its time, which may have changed since. As they
  -- were told, not as the columns round them.
  IF mod(price, asked.tick_size) <> 0 THEN
    RAISE EXCEPTION 'execution % of %: the price % is no multiple of the tick % of %', execution_id, venue, trim_scale(price), trim_scale(asked.tick_size), asked.symbol
      USING ERRCODE = 'check_violation', CONSTRAINT = 'order_fills_price_on_tick', TABLE = 'order_fills', HINT = 'Ask the venue.';
  END IF;
  IF mod(quantity, asked.quantity_step) <> 0 THEN
    RAISE EXCEPTION 'execution % of %: the quantity % is no multiple of the step % of %', execution_id, venue, trim_scale(quantity), trim_scale(asked.quantity_step), asked.symbol
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
COMMENT ON FUNCTION apply_fill(uuid, numeric, numeric, text, text, text, timestamptz, numeric, boolean, text, jsonb, text, text) IS 'Records an execution: order, trades, position and ledger together; the same one again changes nothing.';

-- Undoes the fill of a trade: all its trades, the order's filled quantity, its journal. What the position gives back or gets
-- is counted at the price at which it came (the trade's own if it opened, the position's average if it closed), so that
-- the rest is held at the price that it would have without the fill; if nothing is left, the difference is realized.
-- The position that is open now is changed; if it has been closed since, another one is opened for the difference.
-- A bust that would turn a position round is refused: the later trades are busted first.
-- Busting again returns what was done the first time.
CREATE FUNCTION bust_trade(
  of_trade uuid,
  reason text,
  actor text,
  OUT order_id uuid,
  OUT fill_id uuid,
  OUT trade_ids uuid[],
  OUT position_id uuid,
  OUT realized_pnl numeric,
  OUT journal_id uuid,
  OUT is_new boolean
) LANGUAGE plpgsql SECURITY DEFINER AS $$
#variable_conflict use_column
DECLARE
  fill order_fills;
  asked record;
  wrong record;
  held positions;
  done trades;
  takes boolean;
  basis numeric;
  average_after numeric(24, 8);
  direction integer;
  legs jsonb := '[]';
BEGIN
  IF coalesce(reason, '') = '' OR coalesce(actor, '') = '' THEN
    RAISE EXCEPTION 'bust of trade %: who busts it, and why, is missing', of_trade
      USING ERRCODE = 'check_violation', CONSTRAINT = 'trades_bust_reason', TABLE = 'trades', HINT = 'Give an actor and a reason.';
  END IF;
  PERFORM set_config('trading.actor', actor, true), set_config('trading.reason', bust_trade.reason, true);

  SELECT order_fills.* INTO fill FROM trades JOIN order_fills ON order_fills.id = trades.fill_id WHERE trades.id = of_trade;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no trade % that could be busted', of_trade
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'trades_busts_id_fk', TABLE = 'trades',
            HINT = 'Look its id up again; a bust itself is final: record the fill again instead.';
  END IF;
  SELECT account_id, instrument_id, oms_type, currency, account_type = 'demo' AS is_demo, exponent, contract_size, quote_currency
    INTO asked
    FROM orders
    JOIN accounts ON accounts.id = account_id
    JOIN currencies ON code = currency
    JOIN instruments ON instruments.id = instrument_id
   WHERE orders.id = fill.order_id
     FOR NO KEY UPDATE OF orders
     FOR KEY SHARE OF instruments;
  order_id := fill.order_id;
  fill_id := fill.id;

  SELECT array_agg(bust.id ORDER BY bust.id), (array_agg(bust.position_id ORDER BY bust.id DESC))[1], sum(bust.pnl)
    INTO trade_ids, position_id, realized_pnl
    FROM trades AS bust JOIN trades ON trades.id = bust.busts_id WHERE trades.fill_id = fill.id;
  is_new := trade_ids IS NULL;
  -- By what it has booked, whatever it is called: history has names of its own.
  SELECT entry.journal_id INTO journal_id
    FROM trades
    JOIN account_transactions AS entry ON reference_id = trades.id AND reference_type = 'trades'
    JOIN journals ON journals.id = entry.journal_id AND kind = 'trade'
   WHERE trades.fill_id = fill.id LIMIT 1;
  IF NOT is_new THEN
    SELECT id INTO journal_id FROM journals WHERE reversal_of_id = journal_id;
    RETURN;
  END IF;

  trade_ids := '{}';
  realized_pnl := 0;
  -- Of a flip the opening came last, and goes first.
  FOR wrong IN
    SELECT trades.*, positions.side AS position_side, position_audit.data #>> '{average_price,0}' AS average_before
      FROM trades
      JOIN positions ON positions.id = trades.position_id
      JOIN position_audit ON trade_id = trades.id
     WHERE trades.fill_id = fill.id ORDER BY position_effect DESC
  LOOP
    -- What is held is told in the terms of now: in them the bust would give back, or take, another amount.
    IF wrong.contract_size <> asked.contract_size THEN
      RAISE EXCEPTION 'bust of trade %: a contract was % then and is % now', wrong.id, trim_scale(wrong.contract_size), trim_scale(asked.contract_size)
        USING ERRCODE = 'check_violation', CONSTRAINT = 'trades_bust_same_terms', TABLE = 'trades',
              HINT = 'Book the difference as a correction.';
    END IF;
    IF wrong.position_effect = 'close' AND wrong.average_before IS NULL THEN
      RAISE EXCEPTION 'bust of trade %: its history was loaded without what the closed position had cost', wrong.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'trades_bust_known_cost', TABLE = 'trades',
              HINT = 'Book the difference as a correction.';
    END IF;
    done.id := uuidv7();
    done.order_id := wrong.order_id;
    done.side := CASE wrong.side WHEN 'buy' THEN 'sell' ELSE 'buy' END;
    done.quantity := wrong.quantity;
    done.price := wrong.price;
    done.contract_size := wrong.contract_size;
    done.commission := -wrong.commission;
    done.pnl := -wrong.pnl;
    done.conversion_rate := wrong.conversion_rate;
    done.execution_type := wrong.execution_type;
    done.liquidity_type := wrong.liquidity_type;
    done.liquidity_provider_id := wrong.liquidity_provider_id;
    done.venue := wrong.venue;
    done.executed_at := now();
    done.busts_id := wrong.id;
    done.metadata := '{}';
    basis := CASE wrong.position_effect WHEN 'close' THEN wrong.average_before::numeric ELSE wrong.price END;

    LOOP
      IF asked.oms_type = 'netting' THEN
        SELECT * INTO held FROM positions
         WHERE account_id = asked.account_id AND instrument_id = asked.instrument_id AND is_open AND oms_type = 'netting'
           FOR NO KEY UPDATE;
      ELSE
        SELECT * INTO held FROM positions
         WHERE account_id = asked.account_id AND instrument_id = asked.instrument_id AND is_open AND oms_type = 'hedging'
           AND side = wrong.position_side
           FOR NO KEY UPDATE;
      END IF;
      -- In a netting account a bust buys or sells; in a hedging one it gives back to its side, or takes from it.
      takes := CASE WHEN asked.oms_type = 'hedging' THEN wrong.position_effect = 'open'
                    ELSE held.side <> CASE done.side WHEN 'buy' THEN 'long' ELSE 'short' END END;
      direction := CASE held.side WHEN 'long' THEN 1 ELSE -1 END;
      IF takes THEN
        average_after := CASE WHEN held.quantity > done.quantity
          THEN round((held.average_price * held.quantity - basis * done.quantity) / (held.quantity - done.quantity), 8)
          ELSE held.average_price END;
        IF held.id IS NULL OR held.quantity < done.quantity OR average_after <= 0 THEN
          RAISE EXCEPTION 'bust of trade %: of the % that it would take back, the account holds %', wrong.id,
            trim_scale(done.quantity), coalesce(trim_scale(held.quantity), 0)
            USING ERRCODE = 'check_violation', CONSTRAINT = 'trades_bust_within_position', TABLE = 'trades',
                  HINT = 'Bust other trades of this instrument first, the last one before the others.';
        END IF;
        IF held.quantity = done.quantity AND held.average_price <> basis THEN
          IF wrong.position_effect = 'open' AND asked.quote_currency <> asked.currency THEN
            done.conversion_rate := conversion_rate(asked.quote_currency, asked.currency, done.executed_at);
          END IF;
          done.pnl := done.pnl + round_half_even(
            (basis - held.average_price) * direction * done.quantity * done.contract_size * done.conversion_rate, asked.exponent);
        END IF;
        done.position_effect := 'close';
        PERFORM book_trade(held, held.quantity - done.quantity, average_after, done);
        EXIT;
      END IF;
      IF held.id IS NULL THEN
        SELECT * INTO held FROM positions WHERE id = wrong.position_id;
        held.id := uuidv7();
        held.side := CASE WHEN asked.oms_type = 'hedging' THEN wrong.position_side
                          WHEN done.side = 'buy' THEN 'long' ELSE 'short' END;
        held.quantity := 0;
        held.average_price := 0;
        held.stop_loss := NULL;
        held.take_profit := NULL;
        held.last_seq := 0;
      END IF;
      done.position_effect := 'open';
      EXIT WHEN book_trade(
        held, held.quantity + done.quantity,
        round((held.average_price * held.quantity + basis * done.quantity) / (held.quantity + done.quantity), 8), done);
    END LOOP;

    trade_ids := trade_ids || done.id;
    position_id := held.id;
    realized_pnl := realized_pnl + done.pnl;
    IF done.pnl <> -wrong.pnl THEN
      legs := legs || trade_legs(asked.account_id, house_account(asked.currency, asked.is_demo, asked.account_id), done.id, done.pnl + wrong.pnl, 0);
    END IF;
  END LOOP;

  -- An order that had ended otherwise stays where it is; a late fill had not moved it.
  IF NOT fill.is_late THEN
    PERFORM set_config('trading.venue', fill.venue, true);
    UPDATE orders
       SET filled_quantity = filled_quantity - fill.fill_quantity,
           filled_notional = filled_notional - round(fill.fill_quantity * fill.fill_price, 8),
           commission = commission - fill.fill_commission,
           status = CASE WHEN status NOT IN ('filled', 'partially_filled') THEN status
                         WHEN filled_quantity = fill.fill_quantity THEN 'new'
                         ELSE 'partially_filled' END
     WHERE id = fill.order_id;
    PERFORM set_config('trading.venue', '', true);
  END IF;

  -- All at once: what is reversed may lie on another account of the house than what the client realizes, or a correction
  -- books, now.
  PERFORM FROM accounts
    WHERE id = asked.account_id OR kind = 'house' AND currency = asked.currency ORDER BY id FOR NO KEY UPDATE;
  IF journal_id IS NOT NULL THEN
    journal_id := reverse_journal(journal_id, description => bust_trade.reason);
  END IF;
  IF legs <> '[]' THEN
    PERFORM post_journal('trade', 'bust:' || fill.id, legs, bust_trade.reason, metadata => jsonb_build_object('fill', fill.id));
  END IF;
END
$$;
COMMENT ON FUNCTION bust_trade(uuid, text, text) IS 'Undoes the fill of a trade: trades, position, order and ledger; again changes nothing.';

-- Bust and fill in one: the execution is recorded again, with the right terms, under an id of its own. An order that is dead
-- by now takes it as a late fill, which the actor lets in.
CREATE FUNCTION correct_trade(
  of_trade uuid,
  price numeric,
  quantity numeric,
  reason text,
  actor text,
  commission numeric DEFAULT NULL,
  execution_id text DEFAULT NULL,
  OUT busted_trade_ids uuid[],
  OUT fill_id uuid,
  OUT trade_ids uuid[],
  OUT position_id uuid,
  OUT realized_pnl numeric,
  OUT journal_id uuid,
  OUT is_new boolean
) LANGUAGE plpgsql SECURITY DEFINER AS $$
#variable_conflict use_column
DECLARE
  fill order_fills;
  bust record;
  corrected record;
  new_id text;
  late boolean;
BEGIN
  SELECT * INTO bust FROM bust_trade(of_trade, correct_trade.reason, actor);
  SELECT * INTO fill FROM order_fills WHERE id = bust.fill_id;
  new_id := coalesce(correct_trade.execution_id, 'correction:' || fill.id);
  SELECT is_late INTO late FROM order_fills WHERE order_fills.venue = fill.venue AND order_fills.execution_id = new_id;
  IF NOT FOUND THEN
    SELECT status IN ('filled', 'canceled', 'rejected', 'expired', 'calculated') INTO late FROM orders WHERE id = fill.order_id;
  END IF;
  SELECT * INTO corrected
    FROM apply_fill(
      fill.order_id, correct_trade.price, correct_trade.quantity, fill.venue, new_id, fill.liquidity_type, fill.executed_at,
      coalesce(correct_trade.commission, fill.fill_commission), late, CASE WHEN late THEN left(actor, 64) ELSE '' END,
      jsonb_build_object('corrects', fill.id));
  -- Another fill that says the same, or the wrong one itself, takes the place of nothing.
  IF NOT corrected.is_new AND NOT EXISTS (
    SELECT FROM trades WHERE fill_id = corrected.fill_id AND metadata ->> 'corrects' = fill.id::text)
  THEN
    RAISE EXCEPTION 'execution % of % is recorded as fill %, which does not correct fill %', new_id, fill.venue, corrected.fill_id, fill.id
      USING ERRCODE = 'unique_violation', CONSTRAINT = 'order_fills_execution_content', TABLE = 'order_fills',
            HINT = 'A correction has an execution id of its own, which is made where none is given.';
  END IF;
  busted_trade_ids := bust.trade_ids;
  fill_id := corrected.fill_id;
  trade_ids := corrected.trade_ids;
  position_id := corrected.position_id;
  realized_pnl := bust.realized_pnl + corrected.realized_pnl;
  journal_id := corrected.journal_id;
  is_new := corrected.is_new;
END
$$;
COMMENT ON FUNCTION correct_trade(uuid, numeric, numeric, text, text, numeric, text) IS 'Busts a trade and records the execution again with the right terms.';

-- Exits may be changed by whoever trades; each change is an event.
CREATE FUNCTION number_position_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT OLD.is_open THEN
    RAISE EXCEPTION 'position % is closed: it has no exits any more', OLD.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'positions_closed_is_final', TABLE = 'positions', HINT = 'Look up the position that is open now.';
  END IF;
  NEW.last_seq := OLD.last_seq + 1;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION number_position_change() IS 'BEFORE UPDATE of the exits of positions: the number of the event that the change is.';

-- SECURITY DEFINER: nobody writes an event by hand.
CREATE FUNCTION record_position_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  INSERT INTO position_audit (position_id, seq, event_type, quantity_before, quantity_after, data, triggered_by, reason)
  VALUES (
    NEW.id, NEW.last_seq, 'modified', OLD.quantity, NEW.quantity,
    jsonb_strip_nulls(jsonb_build_object(
      'stop_loss', CASE WHEN NEW.stop_loss IS DISTINCT FROM OLD.stop_loss THEN jsonb_build_array(OLD.stop_loss, NEW.stop_loss) END,
      'take_profit', CASE WHEN NEW.take_profit IS DISTINCT FROM OLD.take_profit THEN jsonb_build_array(OLD.take_profit, NEW.take_profit) END,
      'trailing_stop', CASE WHEN NEW.trailing_stop IS DISTINCT FROM OLD.trailing_stop THEN jsonb_build_array(OLD.trailing_stop, NEW.trailing_stop) END)),
    left(coalesce(current_setting('trading.actor', true), ''), 64), left(coalesce(current_setting('trading.reason', true), ''), 255));
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION record_position_change() IS 'AFTER UPDATE of the exits of positions: writes the event.';

-- A definer function must not look into the caller's schemas; the schema's name is known only here. What only these
-- functions call is nobody else's.
DO $$
DECLARE
  door text;
BEGIN
  FOREACH door IN ARRAY ARRAY[
    'apply_fill(uuid, numeric, numeric, text, text, text, timestamptz, numeric, boolean, text, jsonb, text, text)',
    'bust_trade(uuid, text, text)', 'correct_trade(uuid, numeric, numeric, text, text, numeric, text)']
  LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', door, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', door);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO trading_app', door);
  END LOOP;
  -- Fills call it as the owner, after anybody may have: its variable is of the schema's type.
  EXECUTE format('ALTER FUNCTION trade_legs(uuid, uuid, uuid, numeric, numeric) SET search_path = %I, pg_temp', current_schema());
  EXECUTE format('ALTER FUNCTION record_position_change() SET search_path = %I, pg_temp', current_schema());
  REVOKE ALL ON FUNCTION record_position_change() FROM PUBLIC;
  REVOKE ALL ON FUNCTION book_trade(positions, numeric, numeric, trades) FROM PUBLIC;
END
$$;
