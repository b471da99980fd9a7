-- The flow on tables that guard nothing: the same rows, written straight, with what the triggers and the functions of the
-- ledger would have written. It locks what it changes, in the same order, and checks nothing.

CREATE FUNCTION unguarded_fill(
  of_order uuid,
  price numeric,
  quantity numeric,
  venue text,
  execution_id text,
  commission numeric,
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
  held positions;
  trade uuid := uuidv7();
  effect text := 'open';
  before numeric := 0;
  average_before numeric;
  house uuid;
BEGIN
  SELECT orders.id, account_id, orders.user_id, instrument_id, side, status, event_seq, orders.quantity, filled_quantity,
         filled_notional, orders.commission, stop_loss, take_profit, execution_type, oms_type, currency, contract_size
    INTO asked
    FROM orders
    JOIN accounts ON accounts.id = account_id
    JOIN instruments ON instruments.id = instrument_id
   WHERE orders.id = of_order
     FOR NO KEY UPDATE OF orders;

  INSERT INTO order_fills (order_id, fill_price, fill_quantity, fill_commission, commission_currency, venue, execution_id)
  VALUES (of_order, unguarded_fill.price, unguarded_fill.quantity, unguarded_fill.commission, asked.currency,
          unguarded_fill.venue, unguarded_fill.execution_id)
  RETURNING id INTO fill_id;
  UPDATE orders
     SET filled_quantity = filled_quantity + unguarded_fill.quantity,
         filled_notional = filled_notional + round(unguarded_fill.quantity * unguarded_fill.price, 8),
         commission = commission + unguarded_fill.commission,
         commission_currency = asked.currency,
         status = 'filled',
         filled_at = now(),
         event_seq = event_seq + 1,
         updated_at = now()
   WHERE id = of_order;
  INSERT INTO order_audit (order_id, seq, event_type, exec_type, previous_status, new_status, venue, data)
  VALUES (
    of_order, asked.event_seq + 1, 'filled', 'trade', asked.status, 'filled', unguarded_fill.venue,
    jsonb_build_object(
      'filled_quantity', jsonb_build_array(asked.filled_quantity, asked.filled_quantity + unguarded_fill.quantity),
      'filled_notional',
      jsonb_build_array(asked.filled_notional, asked.filled_notional + unguarded_fill.quantity * unguarded_fill.price),
      'commission', jsonb_build_array(asked.commission, asked.commission + unguarded_fill.commission),
      'commission_currency', jsonb_build_array(NULL, asked.currency),
      'filled_at', jsonb_build_array(NULL, now())));

  SELECT * INTO held FROM positions
   WHERE account_id = asked.account_id AND instrument_id = asked.instrument_id AND is_open AND oms_type = 'netting'
     FOR NO KEY UPDATE;
  realized_pnl := 0;
  IF held.id IS NULL THEN
    INSERT INTO positions (
      account_id, user_id, oms_type, instrument_id, side, quantity, entry_price, average_price, commission_paid, last_seq)
    VALUES (
      asked.account_id, asked.user_id, asked.oms_type, asked.instrument_id,
      CASE asked.side WHEN 'buy' THEN 'long' ELSE 'short' END, unguarded_fill.quantity, unguarded_fill.price,
      unguarded_fill.price, unguarded_fill.commission, 1)
    RETURNING * INTO held;
  ELSE
    effect := 'close';
    before := held.quantity;
    average_before := held.average_price;
    realized_pnl := round((unguarded_fill.price - held.average_price) * unguarded_fill.quantity * asked.contract_size, 2);
    UPDATE positions
       SET quantity = quantity - unguarded_fill.quantity,
           realized_pnl = positions.realized_pnl + unguarded_fill.realized_pnl,
           commission_paid = commission_paid + unguarded_fill.commission,
           is_open = false,
           close_time = now(),
           last_seq = last_seq + 1,
           updated_at = now()
     WHERE id = held.id
    RETURNING * INTO held;
  END IF;
  position_id := held.id;
  INSERT INTO trades (
    id, account_id, user_id, position_id, order_id, fill_id, instrument_id, side, quantity, price, contract_size, commission,
    pnl, execution_type, venue, execution_id, position_effect)
  VALUES (
    trade, asked.account_id, asked.user_id, held.id, of_order, fill_id, asked.instrument_id, asked.side,
    unguarded_fill.quantity, unguarded_fill.price, asked.contract_size, unguarded_fill.commission, realized_pnl,
    asked.execution_type, unguarded_fill.venue, trade::text, effect);
  trade_ids := ARRAY[trade];
  INSERT INTO position_audit (position_id, seq, event_type, trade_id, quantity_before, quantity_after, price, data)
  VALUES (held.id, held.last_seq, CASE effect WHEN 'open' THEN 'opened' ELSE 'closed' END, trade, before, held.quantity,
          unguarded_fill.price,
          jsonb_build_object('average_price', jsonb_build_array(average_before, held.average_price)));

  house := house_account(asked.currency, false, asked.account_id);
  INSERT INTO journals (kind, idempotency_key, metadata)
  VALUES ('trade', 'fill:' || fill_id, jsonb_build_object('fill', fill_id))
  RETURNING id INTO journal_id;
  PERFORM FROM accounts WHERE id IN (asked.account_id, house) ORDER BY id FOR NO KEY UPDATE;
  INSERT INTO account_transactions (
    journal_id, account_id, currency, seq, transaction_type, amount, balance_before, balance_after, reference_type, reference_id)
  SELECT journal_id, accounts.id, accounts.currency, last_seq + row_number() OVER ledger, type, amount,
         balance + sum(amount) OVER ledger - amount, balance + sum(amount) OVER ledger, 'trades', trade
    FROM (VALUES (1, asked.account_id, 'realized_pnl', realized_pnl), (2, house, 'realized_pnl', -realized_pnl),
                 (3, asked.account_id, 'commission', -unguarded_fill.commission),
                 (4, house, 'commission', unguarded_fill.commission)) AS leg (position, account, type, amount)
    JOIN accounts ON accounts.id = leg.account
   WHERE amount <> 0
  WINDOW ledger AS (PARTITION BY accounts.id ORDER BY position ROWS UNBOUNDED PRECEDING)
   ORDER BY position;
  UPDATE accounts
     SET balance = balance + amount,
         equity = equity + amount,
         margin_available = margin_available + amount,
         last_seq = last_seq + CASE WHEN unguarded_fill.realized_pnl = 0 THEN 1 ELSE 2 END,
         updated_at = now()
    FROM (VALUES (asked.account_id, realized_pnl - unguarded_fill.commission),
                 (house, unguarded_fill.commission - realized_pnl)) AS leg (account, amount)
   WHERE accounts.id = leg.account;
  is_new := true;
END
$$;
