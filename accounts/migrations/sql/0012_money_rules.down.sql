REVOKE UPDATE ON accounts FROM trading_app;
GRANT UPDATE (
    id, created_at, updated_at, deleted_at, user_id, account_number, account_type, kind, oms_type, currency, equity, margin_used,
    margin_available, margin_level, unrealized_pnl, realized_pnl, credit, leverage, max_leverage, is_active, is_locked,
    locked_reason, broker_id, group_name, metadata)
   ON accounts TO trading_app;

DROP FUNCTION check_currency_exponent();
DROP FUNCTION refuse_valued_account();
DROP FUNCTION refuse_account_identity();
DROP FUNCTION refuse_trading_entry();

CREATE OR REPLACE FUNCTION post_entries() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  posted uuid[];
  posted_entries bigint;
  wrong_journal uuid;
  wrong_currency text;
  wrong_sum numeric;
  ids uuid[];
  first_seqs bigint[];
  last_seqs bigint[];
  balances numeric[];
  lowest_balances numeric[];
  leaving boolean[];
  adjustments numeric[];
  moved bigint;
  overdrawn uuid;
  closed uuid;
BEGIN
  SELECT array_agg(journal_id), sum(rows), (array_agg(journal_id) FILTER (WHERE total <> 0))[1],
         (array_agg(currency) FILTER (WHERE total <> 0))[1], (array_agg(total) FILTER (WHERE total <> 0))[1]
    INTO posted, posted_entries, wrong_journal, wrong_currency, wrong_sum
    FROM (SELECT journal_id, currency, sum(amount) AS total, count(*) AS rows FROM entries GROUP BY journal_id, currency) AS sums;
  IF posted IS NULL THEN
    RETURN NULL;  -- a statement without rows
  END IF;
  IF wrong_journal IS NOT NULL THEN
    RAISE EXCEPTION 'journal % does not sum to zero in %: % is left over', wrong_journal, wrong_currency, wrong_sum
      USING ERRCODE = 'check_violation', CONSTRAINT = 'account_transactions_zero_sum',
            HINT = 'Insert all entries of a journal with one statement; what one account gets, another one gives.';
  END IF;

  -- A journal that has been committed has entries, so nobody can add to it later.
  IF (SELECT count(*) FROM account_transactions WHERE journal_id = ANY (posted)) <> posted_entries THEN
    RAISE EXCEPTION 'a journal among % has entries already', posted[1:3]
      USING ERRCODE = 'check_violation', CONSTRAINT = 'account_transactions_posted_together',
            HINT = 'Entries of one journal come with one statement: post a journal of its own.';
  END IF;

  SELECT array_agg(account_id), array_agg(first_seq), array_agg(last_seq), array_agg(balance), array_agg(lowest),
         array_agg(leaves), array_agg(adjusted)
    INTO ids, first_seqs, last_seqs, balances, lowest_balances, leaving, adjustments
    FROM (SELECT account_id,
                 min(seq) AS first_seq,
                 max(seq) AS last_seq,
                 (array_agg(balance_after ORDER BY seq DESC))[1] AS balance,
                 min(balance_after)
                   FILTER (WHERE amount < 0 AND transaction_type IN ('withdrawal', 'transfer', 'debit')) AS lowest,
                 bool_or(transaction_type = 'transfer' OR (transaction_type = 'withdrawal' AND amount < 0)) AS leaves,
                 sum(amount) FILTER (WHERE transaction_type IN ('adjustment', 'correction')) AS adjusted
            FROM entries GROUP BY account_id ORDER BY account_id) AS heads;

  -- Equity and free margin follow the balance; the rest of the valuation waits for the next mark.
  WITH heads AS (
    UPDATE accounts
       SET balance = head.balance,
           last_seq = head.last_seq,
           equity = accounts.equity + head.balance - accounts.balance,
           margin_available = accounts.margin_available + head.balance - accounts.balance
      FROM unnest(ids, first_seqs, last_seqs, balances, lowest_balances, leaving)
        AS head (account_id, first_seq, last_seq, balance, lowest, leaves)
     WHERE accounts.id = head.account_id AND accounts.last_seq = head.first_seq - 1
    RETURNING accounts.id,
              accounts.kind = 'client' AND head.lowest < 0 AS is_overdrawn,
              head.leaves AND (accounts.is_locked OR NOT accounts.is_active OR accounts.deleted_at IS NOT NULL) AS is_closed
  )
  SELECT count(*), (array_agg(id) FILTER (WHERE is_overdrawn))[1], (array_agg(id) FILTER (WHERE is_closed))[1]
    INTO moved, overdrawn, closed FROM heads;
  IF moved <> cardinality(ids) THEN
    RAISE EXCEPTION 'the ledger of an account among % has moved on', ids[1:3]
      USING ERRCODE = 'serialization_failure', HINT = 'Try the transaction again, or post through post_journal().';
  END IF;
  IF overdrawn IS NOT NULL THEN
    RAISE EXCEPTION 'account % does not have that much money', overdrawn
      USING ERRCODE = 'check_violation', CONSTRAINT = 'account_transactions_no_overdraft',
            HINT = 'A withdrawal, transfer or debit takes at most the balance; credit does not count.';
  END IF;
  IF closed IS NOT NULL THEN
    RAISE EXCEPTION 'account % is locked, inactive or deleted: its money stays', closed
      USING ERRCODE = 'check_violation', CONSTRAINT = 'account_transactions_open_account',
            HINT = 'Unlock or activate the account first, or book a correction.';
  END IF;

  IF EXISTS (SELECT FROM unnest(adjustments) AS adjusted WHERE adjusted IS NOT NULL) THEN
    INSERT INTO account_audit (account_id, seq, event_type, data, triggered_by, reason)
    SELECT id,
           1 + coalesce((SELECT max(seq) FROM account_audit WHERE account_id = accounts.id), 0),
           'balance_adjusted',
           jsonb_build_object('amount', adjusted::text, 'balance', balance::text),
           coalesce(left(current_setting('trading.actor', true), 64), ''),
           coalesce(current_setting('trading.reason', true), '')
      FROM unnest(ids, adjustments) AS adjustment (account_id, adjusted)
      JOIN accounts ON id = account_id AND kind = 'client'
     WHERE adjusted IS NOT NULL;
  END IF;
  RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION check_cash_request() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'cash request % stays: it is the record of who asked', OLD.id
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'cash_requests_kept', HINT = 'Cancel it with cancel_cash().';
  END IF;
  IF (OLD.id, OLD.created_at, OLD.account_id, OLD.request_type, OLD.amount, OLD.currency, OLD.requested_by_id) IS DISTINCT FROM
     (NEW.id, NEW.created_at, NEW.account_id, NEW.request_type, NEW.amount, NEW.currency, NEW.requested_by_id)
  THEN
    RAISE EXCEPTION 'what cash request % asks for never changes', OLD.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'cash_requests_terms_immutable', HINT = 'Cancel it and ask anew.';
  END IF;
  IF OLD.status <> NEW.status AND NOT (
    (OLD.status = 'pending' AND NEW.status IN ('processing', 'failed', 'canceled'))
    OR (OLD.status = 'processing' AND NEW.status IN ('completed', 'failed', 'canceled')))
  THEN
    RAISE EXCEPTION 'cash request % does not go from % to %', OLD.id, OLD.status, NEW.status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'cash_requests_status_transition',
            HINT = 'pending → processing → completed, failed or canceled; an end is an end: ask anew.';
  END IF;
  IF (OLD.approved_by_id IS NOT NULL
      AND (OLD.approved_by_id, OLD.approved_at) IS DISTINCT FROM (NEW.approved_by_id, NEW.approved_at))
     OR (OLD.status IN ('completed', 'failed', 'canceled')
         AND (OLD.approved_by_id, OLD.journal_id, OLD.failure_reason)
             IS DISTINCT FROM (NEW.approved_by_id, NEW.journal_id, NEW.failure_reason))
  THEN
    RAISE EXCEPTION 'the decision on cash request % never changes', OLD.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'cash_requests_decision_immutable', HINT = 'Ask anew.';
  END IF;
  IF NEW.status = 'completed' AND OLD.status <> 'completed' AND NOT EXISTS (
    SELECT FROM journals JOIN account_transactions ON journal_id = journals.id
     WHERE journals.id = NEW.journal_id AND kind = NEW.request_type AND account_id = NEW.account_id
    HAVING sum(account_transactions.amount) = CASE NEW.request_type WHEN 'withdrawal' THEN -NEW.amount ELSE NEW.amount END)
  THEN
    RAISE EXCEPTION 'journal % does not book what cash request % asks for', NEW.journal_id, NEW.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'cash_requests_journal_matches', HINT = 'Use approve_cash().';
  END IF;
  RETURN NEW;
END
$$;

-- Replacing a function takes its settings away.
DO $$
DECLARE
  rule text;
BEGIN
  FOREACH rule IN ARRAY ARRAY['post_entries', 'check_cash_request'] LOOP
    EXECUTE format('ALTER FUNCTION %I() SET search_path = %I, pg_temp', rule, current_schema());
  END LOOP;
END
$$;
ALTER FUNCTION post_entries() SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION post_entries() SET enable_seqscan = off;
ALTER TABLE accounts ALTER CONSTRAINT accounts_currency_fk DEFERRABLE INITIALLY DEFERRED;
