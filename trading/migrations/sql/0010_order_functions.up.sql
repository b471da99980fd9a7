-- The life of an order. Statuses and exec types are FIX's; which change is legal says order_status_transitions.

-- Prices lie on the tick and the quantity on the step, between the smallest and the largest order. An instrument that does
-- not exist has no terms: the foreign key refuses it. True, where nothing is raised: what returns something can be assigned,
-- where a PERFORM would be a statement of its own.
CREATE FUNCTION check_order_terms(subject text, terms instruments, quantity numeric, VARIADIC prices numeric[]) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  price numeric;
BEGIN
  FOREACH price IN ARRAY array_remove(prices, NULL) LOOP
    IF mod(price, terms.tick_size) <> 0 THEN
      RAISE EXCEPTION '%: the price % is no multiple of the tick % of %', subject, trim_scale(price), trim_scale(terms.tick_size), terms.symbol
        USING ERRCODE = 'check_violation', CONSTRAINT = 'orders_price_on_tick', TABLE = 'orders',
              HINT = 'Round the price to the tick size of the instrument.';
    END IF;
  END LOOP;
  IF mod(quantity, terms.quantity_step) <> 0 THEN
    RAISE EXCEPTION '%: the quantity % is no multiple of the step % of %', subject, trim_scale(quantity), trim_scale(terms.quantity_step), terms.symbol
      USING ERRCODE = 'check_violation', CONSTRAINT = 'orders_quantity_on_step', TABLE = 'orders',
            HINT = 'Round the quantity to the quantity step of the instrument.';
  END IF;
  IF quantity NOT BETWEEN terms.min_quantity AND terms.max_quantity THEN
    RAISE EXCEPTION '%: the quantity % is not between % and % of %', subject, trim_scale(quantity), trim_scale(terms.min_quantity), trim_scale(terms.max_quantity), terms.symbol
      USING ERRCODE = 'check_violation', CONSTRAINT = 'orders_quantity_within_limits', TABLE = 'orders',
            HINT = 'Ask for a quantity within the limits of the instrument.';
  END IF;
  RETURN true;
END
$$;
COMMENT ON FUNCTION check_order_terms(text, instruments, numeric, numeric[]) IS 'Refuses prices off the tick and quantities off the step or the limits of an instrument; what is null is left out.';

CREATE FUNCTION guard_order() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  as_if_nothing record;
BEGIN
  IF TG_OP = 'INSERT' THEN
    -- Whoever gives another number has it refused by the keys of the chain.
    IF NEW.event_seq = 0 THEN
      NEW.event_seq := 1;
    END IF;
    -- What is there already cannot come from what comes later, so that no order descends from itself.
    IF NEW.parent_order_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM orders WHERE id = NEW.parent_order_id AND account_id = NEW.account_id)
    THEN
      RAISE EXCEPTION 'order %: account % has no earlier order %', NEW.client_order_id, NEW.account_id, NEW.parent_order_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'orders_parent_of_account', TABLE = 'orders',
              HINT = 'Give the id of an order of the same account as its parent, or none.';
    END IF;
    RETURN NEW;
  END IF;

  IF NEW.status <> OLD.status THEN
    IF (OLD.status, NEW.status) IN (('filled', 'partially_filled'), ('filled', 'new'), ('partially_filled', 'new'))
       AND NEW.filled_quantity >= OLD.filled_quantity
    THEN
      RAISE EXCEPTION 'order % goes from % to % only when a fill of it is undone', OLD.id, OLD.status, NEW.status
        USING ERRCODE = 'check_violation', CONSTRAINT = 'orders_trade_cancel_only', TABLE = 'orders',
              HINT = 'Bust the trade: the order follows.';
    END IF;
    -- What has ended does not go on: that is for the chain to say, not for a CHECK of the time at which it has.
    IF OLD.status IN ('canceled', 'expired') THEN
      NEW.canceled_at := NULL;
      NEW.expired_at := NULL;
    END IF;
    -- Times that the writer does not give are the transaction's.
    CASE NEW.status
      WHEN 'new' THEN NEW.submitted_at := coalesce(NEW.submitted_at, greatest(now(), NEW.received_at));
      WHEN 'canceled' THEN NEW.canceled_at := coalesce(NEW.canceled_at, greatest(now(), NEW.received_at));
      WHEN 'expired' THEN NEW.expired_at := coalesce(NEW.expired_at, greatest(now(), NEW.received_at));
      WHEN 'filled' THEN NEW.filled_at := coalesce(NEW.filled_at, greatest(now(), NEW.received_at));
      ELSE NULL;
    END CASE;
  END IF;
  IF NEW.filled_quantity < NEW.quantity THEN
    NEW.filled_at := NULL;
  END IF;

  -- Metadata is free, updated_at follows, generated columns come later: all else is an event and gets its number. Most
  -- changes are seen at once.
  IF NEW.status <> OLD.status OR NEW.filled_quantity <> OLD.filled_quantity THEN
    NEW.event_seq := OLD.event_seq + 1;
    RETURN NEW;
  END IF;
  as_if_nothing := NEW;
  as_if_nothing.event_seq := OLD.event_seq;
  as_if_nothing.metadata := OLD.metadata;
  as_if_nothing.updated_at := OLD.updated_at;
  as_if_nothing.remaining_quantity := OLD.remaining_quantity;
  as_if_nothing.average_fill_price := OLD.average_fill_price;
  NEW.event_seq := OLD.event_seq + (as_if_nothing IS DISTINCT FROM OLD)::int;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION guard_order() IS 'BEFORE INSERT, UPDATE of orders: what may change, and the number of the event that the change is.';

-- Apart from the above, as the statements of most events name none of these columns and do not pay for this.
CREATE FUNCTION guard_order_terms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.id, NEW.created_at, NEW.account_id, NEW.user_id, NEW.client_order_id, NEW.instrument_id, NEW.order_type, NEW.side,
      NEW.is_reduce_only, NEW.is_post_only, NEW.parent_order_id, NEW.received_at)
     IS DISTINCT FROM
     (OLD.id, OLD.created_at, OLD.account_id, OLD.user_id, OLD.client_order_id, OLD.instrument_id, OLD.order_type, OLD.side,
      OLD.is_reduce_only, OLD.is_post_only, OLD.parent_order_id, OLD.received_at)
  THEN
    RAISE EXCEPTION 'order %: whose it is and what it is never change', OLD.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'orders_identity_immutable', TABLE = 'orders',
            HINT = 'Cancel the order and place another one.';
  END IF;

  IF (NEW.quantity, NEW.price, NEW.stop_price, NEW.limit_price, NEW.trailing_distance, NEW.time_in_force, NEW.good_till_date)
     IS DISTINCT FROM
     (OLD.quantity, OLD.price, OLD.stop_price, OLD.limit_price, OLD.trailing_distance, OLD.time_in_force, OLD.good_till_date)
     AND (OLD.status <> 'pending_replace' OR NEW.status NOT IN ('new', 'partially_filled', 'filled')
          -- All that was asked for and nothing else, but a quantity below what has been filled meanwhile.
          OR NOT EXISTS (
            SELECT FROM order_change_requests AS asked
             WHERE asked.order_id = OLD.id AND asked.status = 'pending' AND asked.kind = 'replace'
               AND (greatest(asked.quantity, NEW.filled_quantity), asked.price, asked.stop_price, asked.limit_price,
                    asked.trailing_distance, asked.time_in_force, asked.good_till_date)
                   IS NOT DISTINCT FROM
                   (NEW.quantity, NEW.price, NEW.stop_price, NEW.limit_price, NEW.trailing_distance, NEW.time_in_force,
                    NEW.good_till_date)))
  THEN
    RAISE EXCEPTION 'order % is %: its terms change by an accepted replace request only, to those of the request', OLD.id, OLD.status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'orders_terms_change_by_replace', TABLE = 'orders',
            HINT = 'Write the new terms into order_change_requests, then accept the request.';
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION guard_order_terms() IS 'BEFORE UPDATE of what an order is and what it asks for: the first never changes, the second by a replace request.';

-- SECURITY DEFINER: nobody writes an event by hand. The actor, his reason and the venue are settings of the
-- transaction, empty where nobody has set them.
CREATE FUNCTION record_order_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  before text := 'none';
  what_happened text;
  changes jsonb;
  found record;
  traded instruments;
  has_other_terms boolean;
  is_right boolean;
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.status NOT IN ('pending_new', 'new', 'rejected') OR (NEW.filled_quantity, NEW.filled_notional, NEW.commission) <> (0, 0, 0) THEN
      RAISE EXCEPTION 'order % begins as pending_new, new or rejected, with nothing filled', NEW.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'orders_birth', TABLE = 'orders',
              HINT = 'Insert the order first, then its fills: they move it.';
    END IF;
    -- What is refused anyway is written down as it was asked for.
    IF NEW.status <> 'rejected' THEN
      -- What does not exist is left to the foreign keys.
      SELECT instruments AS traded, account_number,
             is_tradable AND instruments.is_active AND instruments.deleted_at IS NULL AS can_be_traded,
             accounts.is_active AND NOT is_locked AND accounts.deleted_at IS NULL AS may_trade
        INTO found
        FROM (SELECT) AS nothing
        LEFT JOIN instruments ON instruments.id = NEW.instrument_id
        LEFT JOIN accounts ON accounts.id = NEW.account_id;
      IF NOT found.can_be_traded THEN
        RAISE EXCEPTION 'order %: % takes no orders', NEW.id, (found.traded).symbol
          USING ERRCODE = 'check_violation', CONSTRAINT = 'orders_instrument_tradable', TABLE = 'orders',
                HINT = 'The instrument is deleted, or is_tradable or is_active is off.';
      END IF;
      IF NOT found.may_trade THEN
        RAISE EXCEPTION 'order %: account % may not trade', NEW.id, found.account_number
          USING ERRCODE = 'check_violation', CONSTRAINT = 'orders_account_tradable', TABLE = 'orders',
                HINT = 'The account is locked, inactive or deleted.';
      END IF;
      is_right := check_order_terms(
        'order ' || NEW.id, found.traded, NEW.quantity,
        NEW.price, NEW.stop_price, NEW.limit_price, NEW.trailing_distance, NEW.take_profit, NEW.stop_loss);
    END IF;
    what_happened := NEW.status;
    -- The terms that were asked for: a replaced order has others.
    changes := jsonb_build_object(
      'quantity', jsonb_build_array(NULL, NEW.quantity), 'time_in_force', jsonb_build_array(NULL, NEW.time_in_force));
    -- Most orders have none of these.
    IF num_nonnulls(NEW.price, NEW.stop_price, NEW.limit_price, NEW.trailing_distance, NEW.good_till_date, NEW.take_profit, NEW.stop_loss) > 0 THEN
      -- An array is never null, so that strip_nulls drops the rest.
      changes := changes || jsonb_strip_nulls(jsonb_build_object(
        'price', CASE WHEN NEW.price IS NOT NULL THEN jsonb_build_array(NULL, NEW.price) END,
        'stop_price', CASE WHEN NEW.stop_price IS NOT NULL THEN jsonb_build_array(NULL, NEW.stop_price) END,
        'limit_price', CASE WHEN NEW.limit_price IS NOT NULL THEN jsonb_build_array(NULL, NEW.limit_price) END,
        'trailing_distance', CASE WHEN NEW.trailing_distance IS NOT NULL THEN jsonb_build_array(NULL, NEW.trailing_distance) END,
        'good_till_date', CASE WHEN NEW.good_till_date IS NOT NULL THEN jsonb_build_array(NULL, NEW.good_till_date) END,
        'take_profit', CASE WHEN NEW.take_profit IS NOT NULL THEN jsonb_build_array(NULL, NEW.take_profit) END,
        'stop_loss', CASE WHEN NEW.stop_loss IS NOT NULL THEN jsonb_build_array(NULL, NEW.stop_loss) END));
    END IF;
  ELSE
    IF NEW.event_seq = OLD.event_seq THEN
      RETURN NULL;
    END IF;
    before := OLD.status;
    has_other_terms :=
      (NEW.quantity, NEW.price, NEW.stop_price, NEW.limit_price, NEW.trailing_distance, NEW.time_in_force, NEW.good_till_date)
      IS DISTINCT FROM
      (OLD.quantity, OLD.price, OLD.stop_price, OLD.limit_price, OLD.trailing_distance, OLD.time_in_force, OLD.good_till_date);
    what_happened := CASE
      WHEN NEW.filled_quantity > OLD.filled_quantity THEN 'trade'
      WHEN NEW.filled_quantity < OLD.filled_quantity THEN 'trade_cancel'
      WHEN NEW.filled_notional <> OLD.filled_notional THEN 'trade_correct'
      WHEN has_other_terms THEN 'replaced'
      WHEN NEW.status = OLD.status THEN 'restated'
      -- Taken up again, or a request refused.
      WHEN NEW.status IN ('new', 'partially_filled', 'filled') AND OLD.status <> 'pending_new' THEN 'restated'
      -- The other statuses have the name of what leads to them.
      ELSE NEW.status
    END;
    -- Old and new of every column that may change. In groups, as an expression costs its time also where it finds nothing:
    -- most changes are acceptances and fills.
    changes := jsonb_strip_nulls(jsonb_build_object(
      'filled_quantity', CASE WHEN NEW.filled_quantity <> OLD.filled_quantity THEN jsonb_build_array(OLD.filled_quantity, NEW.filled_quantity) END,
      'filled_notional', CASE WHEN NEW.filled_notional <> OLD.filled_notional THEN jsonb_build_array(OLD.filled_notional, NEW.filled_notional) END,
      'commission', CASE WHEN NEW.commission <> OLD.commission THEN jsonb_build_array(OLD.commission, NEW.commission) END,
      'commission_currency', CASE WHEN NEW.commission_currency IS DISTINCT FROM OLD.commission_currency THEN jsonb_build_array(OLD.commission_currency, NEW.commission_currency) END,
      'submitted_at', CASE WHEN NEW.submitted_at IS DISTINCT FROM OLD.submitted_at THEN jsonb_build_array(OLD.submitted_at, NEW.submitted_at) END,
      'filled_at', CASE WHEN NEW.filled_at IS DISTINCT FROM OLD.filled_at THEN jsonb_build_array(OLD.filled_at, NEW.filled_at) END));
    IF has_other_terms OR (NEW.take_profit, NEW.stop_loss) IS DISTINCT FROM (OLD.take_profit, OLD.stop_loss) THEN
      SELECT * INTO traded FROM instruments WHERE id = NEW.instrument_id;
      is_right := check_order_terms(
        'order ' || NEW.id, traded,
        CASE WHEN NEW.quantity <> OLD.quantity AND NEW.quantity > NEW.filled_quantity THEN NEW.quantity END,
        NEW.price, NEW.stop_price, NEW.limit_price, NEW.trailing_distance, NEW.take_profit, NEW.stop_loss);
      changes := changes || jsonb_strip_nulls(jsonb_build_object(
        'quantity', CASE WHEN NEW.quantity <> OLD.quantity THEN jsonb_build_array(OLD.quantity, NEW.quantity) END,
        'price', CASE WHEN NEW.price IS DISTINCT FROM OLD.price THEN jsonb_build_array(OLD.price, NEW.price) END,
        'stop_price', CASE WHEN NEW.stop_price IS DISTINCT FROM OLD.stop_price THEN jsonb_build_array(OLD.stop_price, NEW.stop_price) END,
        'limit_price', CASE WHEN NEW.limit_price IS DISTINCT FROM OLD.limit_price THEN jsonb_build_array(OLD.limit_price, NEW.limit_price) END,
        'trailing_distance', CASE WHEN NEW.trailing_distance IS DISTINCT FROM OLD.trailing_distance THEN jsonb_build_array(OLD.trailing_distance, NEW.trailing_distance) END,
        'time_in_force', CASE WHEN NEW.time_in_force <> OLD.time_in_force THEN jsonb_build_array(OLD.time_in_force, NEW.time_in_force) END,
        'good_till_date', CASE WHEN NEW.good_till_date IS DISTINCT FROM OLD.good_till_date THEN jsonb_build_array(OLD.good_till_date, NEW.good_till_date) END,
        'take_profit', CASE WHEN NEW.take_profit IS DISTINCT FROM OLD.take_profit THEN jsonb_build_array(OLD.take_profit, NEW.take_profit) END,
        'stop_loss', CASE WHEN NEW.stop_loss IS DISTINCT FROM OLD.stop_loss THEN jsonb_build_array(OLD.stop_loss, NEW.stop_loss) END));
    END IF;
    IF (NEW.execution_type, NEW.routing_decision, NEW.slippage, NEW.reject_reason, NEW.liquidity_provider_id,
        NEW.lp_order_id, NEW.canceled_at, NEW.expired_at, NEW.decision_maker, NEW.executor)
       IS DISTINCT FROM
       (OLD.execution_type, OLD.routing_decision, OLD.slippage, OLD.reject_reason, OLD.liquidity_provider_id,
        OLD.lp_order_id, OLD.canceled_at, OLD.expired_at, OLD.decision_maker, OLD.executor)
    THEN
      changes := changes || jsonb_strip_nulls(jsonb_build_object(
        'execution_type', CASE WHEN NEW.execution_type <> OLD.execution_type THEN jsonb_build_array(OLD.execution_type, NEW.execution_type) END,
        'routing_decision', CASE WHEN NEW.routing_decision <> OLD.routing_decision THEN jsonb_build_array(OLD.routing_decision, NEW.routing_decision) END,
        'slippage', CASE WHEN NEW.slippage <> OLD.slippage THEN jsonb_build_array(OLD.slippage, NEW.slippage) END,
        'reject_reason', CASE WHEN NEW.reject_reason <> OLD.reject_reason THEN jsonb_build_array(OLD.reject_reason, NEW.reject_reason) END,
        'liquidity_provider_id', CASE WHEN NEW.liquidity_provider_id IS DISTINCT FROM OLD.liquidity_provider_id THEN jsonb_build_array(OLD.liquidity_provider_id, NEW.liquidity_provider_id) END,
        'lp_order_id', CASE WHEN NEW.lp_order_id <> OLD.lp_order_id THEN jsonb_build_array(OLD.lp_order_id, NEW.lp_order_id) END,
        'canceled_at', CASE WHEN NEW.canceled_at IS DISTINCT FROM OLD.canceled_at THEN jsonb_build_array(OLD.canceled_at, NEW.canceled_at) END,
        'expired_at', CASE WHEN NEW.expired_at IS DISTINCT FROM OLD.expired_at THEN jsonb_build_array(OLD.expired_at, NEW.expired_at) END,
        'decision_maker', CASE WHEN NEW.decision_maker <> OLD.decision_maker THEN jsonb_build_array(OLD.decision_maker, NEW.decision_maker) END,
        'executor', CASE WHEN NEW.executor <> OLD.executor THEN jsonb_build_array(OLD.executor, NEW.executor) END));
    END IF;
    -- The order decides its open request by how it leaves the waiting.
    IF OLD.status IN ('pending_cancel', 'pending_replace') AND NEW.status <> OLD.status THEN
      UPDATE order_change_requests
         SET status = CASE WHEN what_happened = CASE kind WHEN 'cancel' THEN 'canceled' ELSE 'replaced' END THEN 'accepted' ELSE 'rejected' END,
             decided_at = now()
       WHERE order_id = NEW.id AND status = 'pending';
    END IF;
  END IF;

  INSERT INTO order_audit (order_id, seq, event_type, exec_type, previous_status, new_status, data, triggered_by, reason,
                           liquidity_provider_id, venue)
  VALUES (
    NEW.id, NEW.event_seq,
    CASE what_happened
      WHEN 'pending_new' THEN 'received'
      WHEN 'new' THEN 'accepted'
      WHEN 'trade' THEN 'filled'
      WHEN 'trade_cancel' THEN 'fill_canceled'
      WHEN 'trade_correct' THEN 'fill_corrected'
      WHEN 'pending_cancel' THEN 'cancel_requested'
      WHEN 'pending_replace' THEN 'replace_requested'
      WHEN 'restated' THEN
        CASE WHEN NEW.status <> before THEN 'resumed'
             WHEN changes ?| ARRAY['routing_decision', 'liquidity_provider_id', 'lp_order_id'] THEN 'routed'
             ELSE 'modified' END
      ELSE what_happened
    END,
    what_happened, before, NEW.status, coalesce(changes, '{}'),
    left(coalesce(current_setting('trading.actor', true), ''), 64),
    left(coalesce(nullif(NEW.reject_reason, ''), current_setting('trading.reason', true), ''), 255),
    NEW.liquidity_provider_id,
    left(coalesce(current_setting('trading.venue', true), ''), 32));
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION record_order_event() IS 'AFTER INSERT, UPDATE of orders: writes the event that the change is, and decides an open request.';

-- One UPDATE that looks and writes at once: two fills of the last lot cannot both find it there. SECURITY DEFINER:
-- what is filled is moved by fills only.
CREATE FUNCTION apply_fill_to_order() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  target record;
  told text;
BEGIN
  IF NEW.is_late THEN
    IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
      RAISE EXCEPTION 'order %: what was filled late by now, a transaction that reads an older state does not see', NEW.order_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'order_fills_late_within_quantity', TABLE = 'order_fills',
              HINT = 'Report late fills at READ COMMITTED.';
    END IF;
    -- The lock makes the sum below that of all late fills, also of those that others write at this moment.
    SELECT status, quantity, filled_quantity INTO target FROM orders WHERE id = NEW.order_id FOR NO KEY UPDATE;
    IF target.status NOT IN ('filled', 'canceled', 'rejected', 'expired', 'calculated') THEN
      RAISE EXCEPTION 'order % is %: a fill of it is not late', NEW.order_id, target.status
        USING ERRCODE = 'check_violation', CONSTRAINT = 'order_fills_late_of_dead_order', TABLE = 'order_fills',
              HINT = 'Report the fill without is_late and dealer.';
    END IF;
    -- What was busted is not filled: a late fill is corrected by another one.
    IF target.filled_quantity
       + (SELECT sum(fill_quantity) FROM order_fills
           WHERE order_id = NEW.order_id AND is_late
             AND NOT EXISTS (SELECT FROM trades JOIN trades AS bust ON bust.busts_id = trades.id WHERE trades.fill_id = order_fills.id))
       > target.quantity
    THEN
      RAISE EXCEPTION 'order %: late fills and what was filled in time exceed its quantity of %', NEW.order_id, trim_scale(target.quantity)
        USING ERRCODE = 'check_violation', CONSTRAINT = 'order_fills_late_within_quantity', TABLE = 'order_fills',
              HINT = 'Reject the execution: no more can be filled than was ordered.';
    END IF;
    RETURN NULL;
  END IF;

  -- Assigned, not performed: that would be a statement of its own.
  told := set_config('trading.venue', NEW.venue, true);
  UPDATE orders
     SET filled_quantity = filled_quantity + NEW.fill_quantity,
         filled_notional = filled_notional + round(NEW.fill_quantity * NEW.fill_price, 8),
         commission = commission + NEW.fill_commission,
         commission_currency = coalesce(commission_currency, NEW.commission_currency),
         -- A request that waits goes on waiting until nothing remains.
         status = CASE WHEN filled_quantity + NEW.fill_quantity >= quantity THEN 'filled'
                       WHEN status IN ('pending_cancel', 'pending_replace') THEN status
                       ELSE 'partially_filled' END,
         filled_at = CASE WHEN filled_quantity + NEW.fill_quantity >= quantity THEN greatest(NEW.executed_at, received_at) END
   WHERE id = NEW.order_id
     AND status IN ('pending_new', 'new', 'partially_filled', 'pending_cancel', 'pending_replace', 'stopped')
     AND filled_quantity + NEW.fill_quantity <= quantity
     AND (NEW.fill_commission = 0 OR coalesce(commission_currency, NEW.commission_currency) = NEW.commission_currency)
  RETURNING id INTO target;
  IF NOT FOUND THEN
    SELECT status, commission_currency, quantity, remaining_quantity INTO target FROM orders WHERE id = NEW.order_id;
    IF target.status IN ('pending_new', 'new', 'partially_filled', 'pending_cancel', 'pending_replace', 'stopped') THEN
      IF target.remaining_quantity < NEW.fill_quantity THEN
        RAISE EXCEPTION 'order %: a fill of % is more than the % of % that remain', NEW.order_id, trim_scale(NEW.fill_quantity),
                        trim_scale(target.remaining_quantity), trim_scale(target.quantity)
          USING ERRCODE = 'check_violation', CONSTRAINT = 'orders_filled_within_quantity_check', TABLE = 'orders',
                HINT = 'Ask the venue: no more can be filled than was ordered.';
      END IF;
      RAISE EXCEPTION 'order % pays commission in %, not in %', NEW.order_id, target.commission_currency, NEW.commission_currency
        USING ERRCODE = 'check_violation', CONSTRAINT = 'order_fills_commission_currency_same', TABLE = 'order_fills',
              HINT = 'Convert the commission before the fill is recorded.';
    ELSIF target.status IS NOT NULL THEN
      RAISE EXCEPTION 'order % is % and takes no fill', NEW.order_id, target.status
        USING ERRCODE = 'check_violation', CONSTRAINT = 'order_fills_order_takes_fill', TABLE = 'order_fills',
              HINT = 'Resume a suspended order first; a fill of a dead order is late: give is_late and the dealer who lets it in.';
    END IF;
  END IF;
  told := set_config('trading.venue', '', true);
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION apply_fill_to_order() IS 'AFTER INSERT of order_fills: moves the order, or refuses the fill.';

-- SECURITY DEFINER: a request is decided by its order only, so nobody else may change one.
CREATE FUNCTION open_order_request() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  target record;
  traded instruments;
  is_right boolean;
BEGIN
  IF NEW.status IS DISTINCT FROM 'pending' THEN
    RAISE EXCEPTION 'a request concerning order % begins as pending, not as %', NEW.order_id, NEW.status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'order_change_requests_birth', TABLE = 'order_change_requests',
            HINT = 'Leave out status and decided_at: the order decides its requests.';
  END IF;
  SELECT * INTO target FROM orders WHERE id = NEW.order_id FOR NO KEY UPDATE;
  IF NOT FOUND OR NEW.kind NOT IN ('cancel', 'replace') THEN
    NEW.seq := 0;
    RETURN NEW;  -- the keys and the CHECK refuse it
  END IF;
  IF NEW.kind = 'replace' THEN
    IF (NEW.quantity, NEW.price, NEW.stop_price, NEW.limit_price, NEW.trailing_distance, NEW.time_in_force, NEW.good_till_date)
       IS NOT DISTINCT FROM
       (target.quantity, target.price, target.stop_price, target.limit_price, target.trailing_distance, target.time_in_force, target.good_till_date)
    THEN
      RAISE EXCEPTION 'order % has these terms already', NEW.order_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'order_change_requests_changes_terms', TABLE = 'order_change_requests',
              HINT = 'Give all terms as they shall be, at least one of them another than now.';
    END IF;
    SELECT * INTO traded FROM instruments WHERE id = target.instrument_id;
    is_right := check_order_terms(
      'request to replace order ' || NEW.order_id, traded, NEW.quantity,
      NEW.price, NEW.stop_price, NEW.limit_price, NEW.trailing_distance);
  END IF;
  -- The number of the event that makes the order wait. Of a dead order the chain refuses it; of one that waits for
  -- another request this changes nothing, and the unique key on open requests refuses it.
  UPDATE orders SET status = 'pending_' || NEW.kind WHERE id = NEW.order_id RETURNING event_seq INTO NEW.seq;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION open_order_request() IS 'BEFORE INSERT of order_change_requests: makes the order pending_cancel or pending_replace.';

-- A definer function must not look into the caller's schemas; the schema's name is known only here. Nor may one that fills
-- call as the owner: a session compiles a function once, with the types that its first caller finds.
DO $$
DECLARE
  definer text;
BEGIN
  FOREACH definer IN ARRAY ARRAY['record_order_event', 'apply_fill_to_order', 'open_order_request'] LOOP
    EXECUTE format('ALTER FUNCTION %I() SET search_path = %I, pg_temp', definer, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %I() FROM PUBLIC', definer);
  END LOOP;
  EXECUTE format('ALTER FUNCTION guard_order() SET search_path = %I, pg_temp', current_schema());
  EXECUTE format('ALTER FUNCTION guard_order_terms() SET search_path = %I, pg_temp', current_schema());
END
$$;
