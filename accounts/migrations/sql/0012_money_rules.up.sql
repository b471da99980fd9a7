-- Money of one kind, and no more of it than there is, whatever an entry is called. What is new: demo money stays with demo
-- accounts, every entry but trading's own is protected, a request is completed by the journal of its approval only, and
-- accounts and currencies stay what they were opened as.
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
  is_mixed boolean;
BEGIN
  SELECT * INTO posted, posted_entries, wrong_journal, wrong_currency, wrong_sum,
                ids, first_seqs, last_seqs, balances, lowest_balances, leaving, adjustments
    FROM (SELECT array_agg(journal_id), sum(rows), (array_agg(journal_id) FILTER (WHERE total <> 0))[1],
                 (array_agg(currency) FILTER (WHERE total <> 0))[1], (array_agg(total) FILTER (WHERE total <> 0))[1]
            FROM (SELECT journal_id, currency, sum(amount) AS total, count(*) AS rows
                    FROM entries GROUP BY journal_id, currency) AS sums) AS by_journal,
         (SELECT array_agg(account_id), array_agg(first_seq), array_agg(last_seq), array_agg(balance), array_agg(lowest),
                 array_agg(leaves), array_agg(adjusted)
            FROM (SELECT account_id,
                         min(seq) AS first_seq,
                         max(seq) AS last_seq,
                         (array_agg(balance_after ORDER BY seq DESC))[1] AS balance,
                         -- What trading costs may exceed the balance; nothing else, by whatever name. These references
                         -- are trading's own (account_transactions_of_trading).
                         min(balance_after)
                           FILTER (WHERE amount < 0 AND reference_type NOT IN ('trades', 'positions')) AS lowest,
                         bool_or(transaction_type = 'transfer' OR (transaction_type = 'withdrawal' AND amount < 0)) AS leaves,
                         sum(amount) FILTER (WHERE transaction_type IN ('adjustment', 'correction')) AS adjusted
                    FROM entries GROUP BY account_id ORDER BY account_id) AS heads) AS by_account;
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
              head.leaves AND (accounts.is_locked OR NOT accounts.is_active OR accounts.deleted_at IS NOT NULL) AS is_closed,
              accounts.account_type = 'demo' AS is_demo
  )
  SELECT count(*), (array_agg(id) FILTER (WHERE is_overdrawn))[1], (array_agg(id) FILTER (WHERE is_closed))[1],
         bool_or(is_demo) AND NOT bool_and(is_demo)
    INTO moved, overdrawn, closed, is_mixed FROM heads;
  IF moved <> cardinality(ids) THEN
    RAISE EXCEPTION 'the ledger of an account among % has moved on', ids[1:3]
      USING ERRCODE = 'serialization_failure', HINT = 'Try the transaction again, or post through post_journal().';
  END IF;
  IF overdrawn IS NOT NULL THEN
    RAISE EXCEPTION 'account % does not have that much money', overdrawn
      USING ERRCODE = 'check_violation', CONSTRAINT = 'account_transactions_no_overdraft',
            HINT = 'Only losses, commissions and swaps of trading may exceed the balance; credit does not count.';
  END IF;
  -- One statement may post several journals: each of them is of one kind of money.
  IF is_mixed THEN
    SELECT journal_id INTO wrong_journal
      FROM account_transactions JOIN accounts ON accounts.id = account_id
     WHERE journal_id = ANY (posted)
     GROUP BY journal_id HAVING bool_or(account_type = 'demo') AND NOT bool_and(account_type = 'demo') LIMIT 1;
    IF FOUND THEN
      RAISE EXCEPTION 'journal % moves money between a demo account and a real one', wrong_journal
        USING ERRCODE = 'check_violation', CONSTRAINT = 'account_transactions_demo_money',
              HINT = 'Demo money is not real: book against the demo account of the house.';
    END IF;
  END IF;
  IF closed IS NOT NULL THEN
    RAISE EXCEPTION 'account % is locked, inactive or deleted: its money stays', closed
      USING ERRCODE = 'check_violation', CONSTRAINT = 'account_transactions_open_account',
            HINT = 'Unlock or activate the account first, or book a correction.';
  END IF;

  IF array_remove(adjustments, NULL) <> '{}' THEN
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
  IF NEW.approved_at IS DISTINCT FROM OLD.approved_at AND NEW.approved_at NOT BETWEEN least(OLD.created_at, now()) AND now() THEN
    RAISE EXCEPTION 'cash request % is approved now, not at %', OLD.id, NEW.approved_at
      USING ERRCODE = 'check_violation', CONSTRAINT = 'cash_requests_approved_in_time', HINT = 'Use approve_cash().';
  END IF;
  IF NEW.status = 'completed' AND OLD.status <> 'completed' AND NOT EXISTS (
    SELECT FROM journals JOIN account_transactions ON journal_id = journals.id
     WHERE journals.id = NEW.journal_id AND idempotency_key = 'cash:' || NEW.id
       AND kind = NEW.request_type AND account_id = NEW.account_id
    HAVING sum(account_transactions.amount) = CASE NEW.request_type WHEN 'withdrawal' THEN -NEW.amount ELSE NEW.amount END)
  THEN
    RAISE EXCEPTION 'journal % does not book what cash request % asks for', NEW.journal_id, NEW.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'cash_requests_journal_matches', HINT = 'Use approve_cash().';
  END IF;
  RETURN NEW;
END
$$;

-- Fills, busts and swaps book as the owner; its name spares them the function.
CREATE FUNCTION refuse_trading_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_user::regrole = (SELECT relowner FROM pg_class WHERE oid = TG_RELID) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'an entry of % (%) is booked by trading, not by hand', NEW.transaction_type, coalesce(nullif(NEW.reference_type, ''), 'no reference')
    USING ERRCODE = 'check_violation', CONSTRAINT = 'account_transactions_of_trading', TABLE = 'account_transactions',
          HINT = 'Use apply_fill(), bust_trade() or accrue_swaps(); anything else is an adjustment or a correction, without a trade or position as its reference.';
END
$$;
COMMENT ON FUNCTION refuse_trading_entry() IS 'BEFORE INSERT of entries of profit, swaps, trades or positions by anybody but the owner''s functions.';

-- The rules of the ledger ask for kind and type at each entry; what was true then must stay so.
CREATE FUNCTION refuse_account_identity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'account %: whose it is, of which kind and type, and its currency never change', OLD.account_number
    USING ERRCODE = 'check_violation', CONSTRAINT = 'accounts_identity_immutable', TABLE = 'accounts',
          HINT = 'Open another account and transfer the money.';
END
$$;
COMMENT ON FUNCTION refuse_account_identity() IS 'BEFORE UPDATE of whose an account is and what it is.';

CREATE FUNCTION refuse_valued_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_user::regrole = (SELECT relowner FROM pg_class WHERE oid = TG_RELID) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'account %: a new account is worth nothing', NEW.account_number
    USING ERRCODE = 'check_violation', CONSTRAINT = 'accounts_valuation_from_marks', TABLE = 'accounts',
          HINT = 'Leave out equity, margin, profit and credit: deposits and mark_to_market() move them.';
END
$$;
COMMENT ON FUNCTION refuse_valued_account() IS 'BEFORE INSERT of an account with a valuation by anybody but the owner.';

-- The lock waits for whoever opens an account in the currency at this moment, and makes the next one wait. An account has its
-- lock as soon as it is written, therefore, not at its commit.
ALTER TABLE accounts ALTER CONSTRAINT accounts_currency_fk NOT DEFERRABLE;
CREATE FUNCTION check_currency_exponent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
    RAISE EXCEPTION 'whether there are accounts in % by now, a transaction that reads an older state does not see', OLD.code
      USING ERRCODE = 'check_violation', CONSTRAINT = 'currencies_exponent_in_use', TABLE = 'currencies',
            HINT = 'Change its decimals at READ COMMITTED.';
  END IF;
  PERFORM FROM currencies WHERE code = OLD.code FOR UPDATE;
  IF EXISTS (SELECT FROM accounts WHERE currency = OLD.code) THEN
    RAISE EXCEPTION 'there are accounts in %: it keeps its % decimals', OLD.code, OLD.exponent
      USING ERRCODE = 'check_violation', CONSTRAINT = 'currencies_exponent_in_use', TABLE = 'currencies',
            HINT = 'Amounts are rounded to them: make another currency.';
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION check_currency_exponent() IS 'BEFORE UPDATE of the exponent of currencies: none that is in use.';

-- A valuation is written by post_entries() and mark_to_market(). What is left belongs to the back office.
REVOKE UPDATE ON accounts FROM trading_app;
GRANT UPDATE (
    updated_at, deleted_at, user_id, account_number, account_type, kind, oms_type, currency, leverage, max_leverage, is_active,
    is_locked, locked_reason, broker_id, group_name, metadata)
   ON accounts TO trading_app;

-- Replacing a function takes its settings away.
DO $$
DECLARE
  rule text;
BEGIN
  FOREACH rule IN ARRAY ARRAY[
    'post_entries', 'check_cash_request', 'refuse_trading_entry', 'refuse_account_identity', 'refuse_valued_account',
    'check_currency_exponent']
  LOOP
    EXECUTE format('ALTER FUNCTION %I() SET search_path = %I, pg_temp', rule, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %I() FROM PUBLIC', rule);
  END LOOP;
END
$$;
ALTER FUNCTION post_entries() SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION post_entries() SET enable_seqscan = off;
