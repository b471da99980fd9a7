-- pgbench: the rows of two lives by INSERTs and UPDATEs, one after the other. Nothing is looked at but keys.

-- An order that opens a position.
\set n :n + 1
\set step :n % 7
BEGIN;
INSERT INTO orders (account_id, user_id, client_order_id, instrument_id, order_type, side, quantity, event_seq)
VALUES (:account, :owner, 'bench-' || :client_id || '-' || :n, :instrument, 'market', 'buy', :quantity, 1)
RETURNING id AS order \gset
INSERT INTO order_audit (order_id, seq, event_type, exec_type, previous_status, new_status, data)
VALUES (:order, 1, 'received', 'pending_new', 'none', 'pending_new',
        '{"quantity": [null, 1.00000000], "time_in_force": [null, "gtc"]}');
COMMIT;
BEGIN;
UPDATE orders SET status = 'new', submitted_at = now(), event_seq = 2, updated_at = now() WHERE id = :order;
INSERT INTO order_audit (order_id, seq, event_type, exec_type, previous_status, new_status, data)
VALUES (:order, 2, 'accepted', 'new', 'pending_new', 'new', '{"submitted_at": [null, "2026-01-01T000000.000000+00000"]}');
COMMIT;
BEGIN;
INSERT INTO order_fills (
  order_id, fill_price, fill_quantity, fill_commission, commission_currency, venue, execution_id)
VALUES (:order, 1.10000 + 0.00010 * :step, :quantity, :commission, :currency, :venue, 'bench-' || :client_id || '-' || :n)
RETURNING id AS fill \gset
UPDATE orders
   SET filled_quantity = :quantity, filled_notional = :quantity * (1.10000 + 0.00010 * :step), commission = :commission,
       commission_currency = :currency, status = 'filled', filled_at = now(), event_seq = 3, updated_at = now()
 WHERE id = :order;
INSERT INTO order_audit (order_id, seq, event_type, exec_type, previous_status, new_status, venue, data)
VALUES (:order, 3, 'filled', 'trade', 'new', 'filled', :venue,
        '{"commission": [0.00000000, 2.50000000], "filled_at": [null, "2026-01-01T000000.000000+00000"],
          "filled_notional": [0.00000000, 1.10000000], "filled_quantity": [0.00000000, 1.00000000],
          "commission_currency": [null, "USD"]}');
INSERT INTO positions (
  account_id, user_id, oms_type, instrument_id, side, quantity, entry_price, average_price, commission_paid, last_seq)
VALUES (:account, :owner, 'netting', :instrument, 'long', :quantity, 1.10000 + 0.00010 * :step, 1.10000 + 0.00010 * :step,
        :commission, 1)
RETURNING id AS position, average_price AS opened \gset
INSERT INTO trades (
  account_id, user_id, position_id, order_id, fill_id, instrument_id, side, quantity, price, contract_size, commission, pnl,
  venue, execution_id, position_effect)
VALUES (:account, :owner, :position, :order, :fill, :instrument, 'buy', :quantity, 1.10000 + 0.00010 * :step,
        :contract_size, :commission, 0, :venue, 'bench-' || :client_id || '-' || :n, 'open')
RETURNING id AS trade \gset
INSERT INTO position_audit (position_id, seq, event_type, trade_id, quantity_before, quantity_after, price, data)
VALUES (:position, 1, 'opened', :trade, 0, :quantity, 1.10000 + 0.00010 * :step,
        '{"average_price": [null, 1.10000000]}');
INSERT INTO journals (kind, idempotency_key, metadata)
VALUES ('trade', 'fill:' || :fill::uuid, jsonb_build_object('fill', :fill::uuid))
RETURNING id AS journal \gset
UPDATE accounts
   SET balance = balance + -:commission::numeric, equity = equity + -:commission::numeric, margin_available = margin_available + -:commission::numeric,
       last_seq = last_seq + 1, updated_at = now()
 WHERE id = :account RETURNING balance, last_seq \gset
INSERT INTO account_transactions (
  journal_id, account_id, currency, seq, transaction_type, amount, balance_before, balance_after, reference_type, reference_id)
VALUES (:journal, :account, :currency, :last_seq, 'commission', -:commission::numeric, :balance::numeric - -:commission::numeric, :balance, 'trades', :trade);
UPDATE accounts
   SET balance = balance + :commission::numeric, equity = equity + :commission::numeric, margin_available = margin_available + :commission::numeric,
       last_seq = last_seq + 1, updated_at = now()
 WHERE id = :house RETURNING balance, last_seq \gset
INSERT INTO account_transactions (
  journal_id, account_id, currency, seq, transaction_type, amount, balance_before, balance_after, reference_type, reference_id)
VALUES (:journal, :house, :currency, :last_seq, 'commission', :commission::numeric, :balance::numeric - :commission::numeric, :balance, 'trades', :trade);
COMMIT;

-- An order that closes it.
\set n :n + 1
\set step :n % 7
BEGIN;
INSERT INTO orders (account_id, user_id, client_order_id, instrument_id, order_type, side, quantity, event_seq)
VALUES (:account, :owner, 'bench-' || :client_id || '-' || :n, :instrument, 'market', 'sell', :quantity, 1)
RETURNING id AS order \gset
INSERT INTO order_audit (order_id, seq, event_type, exec_type, previous_status, new_status, data)
VALUES (:order, 1, 'received', 'pending_new', 'none', 'pending_new',
        '{"quantity": [null, 1.00000000], "time_in_force": [null, "gtc"]}');
COMMIT;
BEGIN;
UPDATE orders SET status = 'new', submitted_at = now(), event_seq = 2, updated_at = now() WHERE id = :order;
INSERT INTO order_audit (order_id, seq, event_type, exec_type, previous_status, new_status, data)
VALUES (:order, 2, 'accepted', 'new', 'pending_new', 'new', '{"submitted_at": [null, "2026-01-01T000000.000000+00000"]}');
COMMIT;
BEGIN;
INSERT INTO order_fills (
  order_id, fill_price, fill_quantity, fill_commission, commission_currency, venue, execution_id)
VALUES (:order, 1.10000 + 0.00010 * :step, :quantity, :commission, :currency, :venue, 'bench-' || :client_id || '-' || :n)
RETURNING id AS fill \gset
UPDATE orders
   SET filled_quantity = :quantity, filled_notional = :quantity * (1.10000 + 0.00010 * :step), commission = :commission,
       commission_currency = :currency, status = 'filled', filled_at = now(), event_seq = 3, updated_at = now()
 WHERE id = :order;
INSERT INTO order_audit (order_id, seq, event_type, exec_type, previous_status, new_status, venue, data)
VALUES (:order, 3, 'filled', 'trade', 'new', 'filled', :venue,
        '{"commission": [0.00000000, 2.50000000], "filled_at": [null, "2026-01-01T000000.000000+00000"],
          "filled_notional": [0.00000000, 1.10000000], "filled_quantity": [0.00000000, 1.00000000],
          "commission_currency": [null, "USD"]}');
SELECT round((1.10000 + 0.00010 * :step - :opened::numeric) * :quantity * :contract_size, 2) AS pnl \gset
UPDATE positions
   SET quantity = 0, realized_pnl = realized_pnl + :pnl::numeric, commission_paid = commission_paid + :commission,
       is_open = false, close_time = now(), last_seq = 2, updated_at = now()
 WHERE id = :position;
INSERT INTO trades (
  account_id, user_id, position_id, order_id, fill_id, instrument_id, side, quantity, price, contract_size, commission, pnl,
  venue, execution_id, position_effect)
VALUES (:account, :owner, :position, :order, :fill, :instrument, 'sell', :quantity, 1.10000 + 0.00010 * :step,
        :contract_size, :commission, :pnl::numeric, :venue, 'bench-' || :client_id || '-' || :n, 'close')
RETURNING id AS trade \gset
INSERT INTO position_audit (position_id, seq, event_type, trade_id, quantity_before, quantity_after, price, data)
VALUES (:position, 2, 'closed', :trade, :quantity, 0, 1.10000 + 0.00010 * :step,
        '{"average_price": [null, 1.10000000]}');
INSERT INTO journals (kind, idempotency_key, metadata)
VALUES ('trade', 'fill:' || :fill::uuid, jsonb_build_object('fill', :fill::uuid))
RETURNING id AS journal \gset
UPDATE accounts
   SET balance = balance + :pnl::numeric, equity = equity + :pnl::numeric, margin_available = margin_available + :pnl::numeric,
       last_seq = last_seq + 1, updated_at = now()
 WHERE id = :account RETURNING balance, last_seq \gset
INSERT INTO account_transactions (
  journal_id, account_id, currency, seq, transaction_type, amount, balance_before, balance_after, reference_type, reference_id)
VALUES (:journal, :account, :currency, :last_seq, 'realized_pnl', :pnl::numeric, :balance::numeric - :pnl::numeric, :balance, 'trades', :trade);
UPDATE accounts
   SET balance = balance + -:pnl::numeric, equity = equity + -:pnl::numeric, margin_available = margin_available + -:pnl::numeric,
       last_seq = last_seq + 1, updated_at = now()
 WHERE id = :house RETURNING balance, last_seq \gset
INSERT INTO account_transactions (
  journal_id, account_id, currency, seq, transaction_type, amount, balance_before, balance_after, reference_type, reference_id)
VALUES (:journal, :house, :currency, :last_seq, 'realized_pnl', -:pnl::numeric, :balance::numeric - -:pnl::numeric, :balance, 'trades', :trade);
UPDATE accounts
   SET balance = balance + -:commission::numeric, equity = equity + -:commission::numeric, margin_available = margin_available + -:commission::numeric,
       last_seq = last_seq + 1, updated_at = now()
 WHERE id = :account RETURNING balance, last_seq \gset
INSERT INTO account_transactions (
  journal_id, account_id, currency, seq, transaction_type, amount, balance_before, balance_after, reference_type, reference_id)
VALUES (:journal, :account, :currency, :last_seq, 'commission', -:commission::numeric, :balance::numeric - -:commission::numeric, :balance, 'trades', :trade);
UPDATE accounts
   SET balance = balance + :commission::numeric, equity = equity + :commission::numeric, margin_available = margin_available + :commission::numeric,
       last_seq = last_seq + 1, updated_at = now()
 WHERE id = :house RETURNING balance, last_seq \gset
INSERT INTO account_transactions (
  journal_id, account_id, currency, seq, transaction_type, amount, balance_before, balance_after, reference_type, reference_id)
VALUES (:journal, :house, :currency, :last_seq, 'commission', :commission::numeric, :balance::numeric - :commission::numeric, :balance, 'trades', :trade);
COMMIT;
