-- The ledger proves itself by constraints: an entry starts from the balance that the one before it has left, and an
-- account is where its last entry says. Whoever writes, a balance that is not the sum of its entries cannot commit.
-- Keys come unvalidated, so that the tables are locked for a moment only; a later migration validates them.

ALTER TABLE account_transactions
  ADD CONSTRAINT account_transactions_chain_fk
  FOREIGN KEY (account_id, prev_seq, balance_before)
  REFERENCES account_transactions (account_id, seq, balance_after) NOT VALID;
-- Deferred: the entry and the head that points at it are written one after the other.
ALTER TABLE accounts
  ADD CONSTRAINT accounts_head_fk
  FOREIGN KEY (id, head_seq, balance)
  REFERENCES account_transactions (account_id, seq, balance_after) DEFERRABLE INITIALLY DEFERRED NOT VALID;
-- A request is in its account's currency. This is the key on account and on currency as well.
ALTER TABLE cash_requests
  ADD CONSTRAINT cash_requests_account_currency_fk
  FOREIGN KEY (account_id, currency) REFERENCES accounts (id, currency) NOT VALID;
-- Events of an account have no gaps.
ALTER TABLE account_audit
  ADD CONSTRAINT account_audit_chain_fk
  FOREIGN KEY (account_id, prev_seq) REFERENCES account_audit (account_id, seq) NOT VALID;

-- Each INSERT of entries balances itself, brings whole journals, and moves the heads of its accounts.
-- SECURITY DEFINER: nobody else may write balance and last_seq.
-- The transition table is read into arrays before anything else is touched: a distributed table allows no more.
CREATE FUNCTION post_entries() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
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
COMMENT ON FUNCTION post_entries() IS 'AFTER INSERT of ledger entries: zero-sum, whole journals, heads, no overdraft.';

CREATE FUNCTION refuse_head_backward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the balance of account % only changes with a new ledger entry', OLD.id
    USING ERRCODE = 'check_violation', CONSTRAINT = 'accounts_head_forward', HINT = 'Post a journal with post_journal().';
END
$$;
COMMENT ON FUNCTION refuse_head_backward() IS 'BEFORE UPDATE of accounts whose head does not move forward.';

CREATE FUNCTION check_journal_has_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM account_transactions WHERE journal_id = NEW.id) THEN
    RAISE EXCEPTION 'journal % has no entries', NEW.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'journals_has_entries',
            HINT = 'Post a journal and its entries in one transaction, with post_journal().';
  END IF;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION check_journal_has_entries() IS 'At the commit: a journal moves money.';

CREATE FUNCTION check_reversal_mirrors() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM (
      SELECT account_id, transaction_type, amount, 1 AS side FROM account_transactions WHERE journal_id = NEW.reversal_of_id
       UNION ALL
      SELECT account_id, transaction_type, -amount, -1 FROM account_transactions WHERE journal_id = NEW.id) AS both_sides
     GROUP BY account_id, transaction_type, amount HAVING sum(side) <> 0)
  THEN
    RAISE EXCEPTION 'journal % is not the mirror of journal %', NEW.id, NEW.reversal_of_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'journals_reversal_mirrors',
            HINT = 'A reversal has the same entries with the other sign: use reverse_journal().';
  END IF;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION check_reversal_mirrors() IS 'At the commit: a reversal has exactly the negated entries of what it reverses.';

CREATE CONSTRAINT TRIGGER journals_has_entries AFTER INSERT ON journals DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION check_journal_has_entries();
CREATE CONSTRAINT TRIGGER journals_reversal_mirrors AFTER INSERT ON journals DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.reversal_of_id IS NOT NULL) EXECUTE FUNCTION check_reversal_mirrors();

-- SECURITY DEFINER, here and below: nobody writes an account's history by hand.
CREATE FUNCTION record_account_created() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  INSERT INTO account_audit (account_id, seq, event_type, data, triggered_by, reason)
  VALUES (NEW.id, 1, 'created',
          jsonb_build_object('kind', NEW.kind, 'account_type', NEW.account_type, 'currency', NEW.currency, 'leverage', NEW.leverage),
          coalesce(left(current_setting('trading.actor', true), 64), ''),
          coalesce(current_setting('trading.reason', true), ''));
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION record_account_created() IS 'AFTER INSERT of accounts: the first event of the account.';

-- The row of the account is locked by the change itself, so its events are numbered one after the other.
CREATE FUNCTION record_account_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  settings CONSTANT text[] := ARRAY[
    'user_id', 'account_number', 'account_type', 'kind', 'oms_type', 'currency', 'broker_id', 'group_name'];
  changed jsonb := '{}';
  asked text := coalesce(current_setting('trading.reason', true), '');
BEGIN
  IF (OLD.user_id, OLD.account_number, OLD.account_type, OLD.kind, OLD.oms_type, OLD.currency, OLD.broker_id, OLD.group_name)
     IS DISTINCT FROM
     (NEW.user_id, NEW.account_number, NEW.account_type, NEW.kind, NEW.oms_type, NEW.currency, NEW.broker_id, NEW.group_name)
  THEN
    SELECT jsonb_object_agg(key, jsonb_build_array(o.value, n.value)) INTO changed
      FROM jsonb_each(to_jsonb(OLD)) AS o JOIN jsonb_each(to_jsonb(NEW)) AS n USING (key)
     WHERE key = ANY (settings) AND o.value <> n.value;
  END IF;
  IF OLD.is_locked AND NEW.is_locked AND OLD.locked_reason <> NEW.locked_reason THEN
    changed := changed || jsonb_build_object('locked_reason', jsonb_build_array(OLD.locked_reason, NEW.locked_reason));
  END IF;
  IF OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS DISTINCT FROM OLD.deleted_at THEN
    changed := changed || jsonb_build_object('deleted_at', jsonb_build_array(OLD.deleted_at, NEW.deleted_at));
  END IF;
  INSERT INTO account_audit (account_id, seq, event_type, data, triggered_by, reason)
  SELECT NEW.id, latest.seq + row_number() OVER (ORDER BY position), event_type, data,
         coalesce(left(current_setting('trading.actor', true), 64), ''), event.reason
    FROM (SELECT coalesce(max(seq), 0) AS seq FROM account_audit WHERE account_id = NEW.id) AS latest,
         (VALUES
           (1, 'settings_changed', changed <> '{}', changed, asked),
           (2, 'leverage_changed', (OLD.leverage, OLD.max_leverage) <> (NEW.leverage, NEW.max_leverage),
            jsonb_build_object('leverage', jsonb_build_array(OLD.leverage, NEW.leverage),
                               'max_leverage', jsonb_build_array(OLD.max_leverage, NEW.max_leverage)), asked),
           (3, 'balance_adjusted', OLD.credit <> NEW.credit,
            jsonb_build_object('credit', jsonb_build_array(OLD.credit::text, NEW.credit::text)), asked),
           (4, 'unlocked', OLD.is_locked AND NOT NEW.is_locked, '{}', asked),
           (5, 'activated', NOT OLD.is_active AND NEW.is_active, '{}', asked),
           (6, 'locked', NEW.is_locked AND NOT OLD.is_locked, '{}', coalesce(nullif(asked, ''), NEW.locked_reason)),
           (7, 'deactivated', OLD.is_active AND NOT NEW.is_active, '{}', asked),
           (8, 'closed', OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL, '{}', asked)
         ) AS event (position, event_type, happened, data, reason)
   WHERE happened;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION record_account_changed() IS 'AFTER UPDATE of accounts: an event for each change of state or settings.';

CREATE FUNCTION check_new_cash_request() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.status IN ('processing', 'completed', 'failed', 'canceled') OR NEW.approved_by_id IS NOT NULL OR NEW.journal_id IS NOT NULL THEN
    RAISE EXCEPTION 'cash request % is not pending: a new one has no decision', NEW.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'cash_requests_born_pending',
            HINT = 'Ask first; another person approves with approve_cash().';
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION check_new_cash_request() IS 'BEFORE INSERT of cash_requests: asking and deciding are two steps.';

CREATE FUNCTION check_cash_request() RETURNS trigger LANGUAGE plpgsql AS $$
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
  IF NEW.approved_by_id IS DISTINCT FROM OLD.approved_by_id
     AND EXISTS (SELECT FROM users WHERE id = NEW.approved_by_id AND (NOT is_active OR deleted_at IS NOT NULL))
  THEN
    RAISE EXCEPTION 'user % has left: he approves no cash request', NEW.approved_by_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'cash_requests_approver_active', HINT = 'Somebody who is active approves it.';
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
COMMENT ON FUNCTION check_cash_request() IS 'BEFORE UPDATE, DELETE of cash_requests: their states, and what never changes.';

-- No rule looks into the caller's schemas, where a temporary table could stand in for a real one.
DO $$
DECLARE
  rule text;
BEGIN
  FOREACH rule IN ARRAY ARRAY[
    'post_entries', 'refuse_head_backward', 'check_journal_has_entries', 'check_reversal_mirrors', 'record_account_created',
    'record_account_changed', 'check_new_cash_request', 'check_cash_request']
  LOOP
    EXECUTE format('ALTER FUNCTION %I() SET search_path = %I, pg_temp', rule, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %I() FROM PUBLIC', rule);
  END LOOP;
END
$$;

-- Every row is found by its key, whatever the statistics say: planned once per session, not once per journal.
ALTER FUNCTION post_entries() SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION post_entries() SET enable_seqscan = off;

-- The head of a ledger belongs to post_entries(), the valuation to it and mark_to_market(), an account's history to the triggers
-- above. What is left belongs to the back office.
REVOKE UPDATE ON accounts FROM trading_app;
GRANT UPDATE (
    updated_at, deleted_at, user_id, account_number, account_type, kind, oms_type, currency, leverage, max_leverage, is_active,
    is_locked, locked_reason, broker_id, group_name, metadata)
   ON accounts TO trading_app;
REVOKE INSERT ON account_audit FROM trading_app;
