-- The doors to the ledger: each posts one business event in one round trip. They run with the caller's rights, because
-- the rules are the tables' own.

-- Posts a journal; returns its id. `legs` is an array of
--   {"account": uuid, "type": a transaction type, "amount": of at most 8 decimals, positive for what the account gets}
-- with, if wanted, "currency" (the account's), "reference_type" and "reference_id", "description".
-- The same key again returns the journal of the first time, or fails if kind or legs differ.
CREATE FUNCTION post_journal(
  kind text,
  idempotency_key text,
  legs jsonb,
  description text DEFAULT '',
  created_by uuid DEFAULT NULL,
  reversal_of uuid DEFAULT NULL,
  metadata jsonb DEFAULT '{}'
) RETURNS uuid LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  journal uuid;
  hash bytea;
  first_hash bytea;
  leg_accounts uuid[];
  too_fine numeric;
BEGIN
  -- Amounts as the table stores them, legs in an order that does not depend on the caller.
  SELECT array_agg(account), max(amount) FILTER (WHERE amount <> round(amount, 8)),
         sha256(convert_to(
           concat_ws('|', post_journal.kind, post_journal.reversal_of) || string_agg(line, E'\n' ORDER BY line COLLATE "C"), 'UTF8'))
    INTO leg_accounts, too_fine, hash
    FROM (SELECT *, concat_ws('|', account, type, amount::numeric(24, 8), reference_type, reference_id) AS line
            FROM jsonb_to_recordset(post_journal.legs)
              AS leg (account uuid, type text, amount numeric, reference_type text, reference_id uuid)) AS legs;
  IF leg_accounts IS NULL THEN
    RAISE EXCEPTION 'journal % has no legs', post_journal.idempotency_key
      USING ERRCODE = 'check_violation', CONSTRAINT = 'journals_has_entries', HINT = 'Give at least two legs that sum to zero.';
  END IF;
  IF too_fine IS NOT NULL THEN
    RAISE EXCEPTION 'amount % of journal % has more than 8 decimals', too_fine, post_journal.idempotency_key
      USING ERRCODE = 'check_violation', CONSTRAINT = 'account_transactions_amount_scale', HINT = 'Round it first.';
  END IF;

  -- Inserted first, never looked up first: of two at once, one waits here for the other.
  INSERT INTO journals (kind, idempotency_key, description, created_by_id, reversal_of_id, metadata, content_hash)
  VALUES (post_journal.kind, post_journal.idempotency_key, post_journal.description, post_journal.created_by,
          post_journal.reversal_of, post_journal.metadata, hash)
  ON CONFLICT ON CONSTRAINT journals_idempotency_key_uniq DO NOTHING
  RETURNING id INTO journal;
  IF journal IS NULL THEN
    SELECT id, content_hash INTO journal, first_hash
      FROM journals WHERE idempotency_key = post_journal.idempotency_key;
    IF journal IS NULL THEN
      RAISE EXCEPTION 'journal % was posted meanwhile', post_journal.idempotency_key
        USING ERRCODE = 'serialization_failure', HINT = 'Try the transaction again.';
    END IF;
    IF first_hash IS DISTINCT FROM hash THEN
      RAISE EXCEPTION 'idempotency key % stands for another journal: %', post_journal.idempotency_key, journal
        USING ERRCODE = 'unique_violation', CONSTRAINT = 'journals_idempotency_key_content',
              HINT = 'Another business event needs another key.';
    END IF;
    RETURN journal;
  END IF;

  -- Accounts are locked in the order of their ids, so that two journals never wait for each other. An account that
  -- does not exist is left to the foreign key, which names it.
  WITH locked AS MATERIALIZED (
    SELECT id, currency, balance, last_seq FROM accounts WHERE id = ANY (leg_accounts) ORDER BY id FOR NO KEY UPDATE
  )
  INSERT INTO account_transactions (
    journal_id, account_id, currency, seq, transaction_type, amount, balance_before, balance_after, reference_type,
    reference_id, description)
  SELECT journal, account, coalesce(leg.currency, locked.currency, ''),
         coalesce(last_seq, 0) + row_number() OVER ledger, type, amount,
         coalesce(balance, 0) + sum(amount) OVER ledger - amount, coalesce(balance, 0) + sum(amount) OVER ledger,
         coalesce(reference_type, ''), reference_id, coalesce(leg_description, post_journal.description)
    FROM ROWS FROM (jsonb_to_recordset(post_journal.legs) AS (
           account uuid, type text, amount numeric, currency text, reference_type text, reference_id uuid, description text))
         WITH ORDINALITY AS leg (account, type, amount, currency, reference_type, reference_id, leg_description, position)
    LEFT JOIN locked ON locked.id = account
  WINDOW ledger AS (PARTITION BY account ORDER BY position ROWS UNBOUNDED PRECEDING)
   ORDER BY position;
  RETURN journal;
END
$$;
COMMENT ON FUNCTION post_journal(text, text, jsonb, text, uuid, uuid, jsonb) IS 'Posts one business event to the ledger; the same key again returns the same journal.';

CREATE FUNCTION house_account(currency text, demo boolean, client uuid) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
  house uuid;
BEGIN
  -- Where the house has several, the one that ranks highest for the client: a new one takes over only its own clients, and
  -- only those of one that is closed move to others. So the answer may change: whoever posts looks first whether he has
  -- posted before. The hash is that of partitions, which stays the same from one PostgreSQL to the next.
  SELECT id INTO house FROM accounts
   WHERE kind = 'house' AND accounts.currency = house_account.currency AND (account_type = 'demo') = demo
     AND is_active AND deleted_at IS NULL
   ORDER BY uuid_hash_extended(id, uuid_hash_extended(client, 0)) DESC LIMIT 1;
  IF house IS NULL THEN
    RAISE EXCEPTION 'the house has no % account in %', CASE WHEN demo THEN 'demo' ELSE 'live' END, house_account.currency
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'accounts_house', HINT = 'Open an account of kind house in that currency.';
  END IF;
  RETURN house;
END
$$;
COMMENT ON FUNCTION house_account(text, boolean, uuid) IS 'The house''s account for a client in a currency, for real or for demo money, which never meet.';

CREATE FUNCTION reverse_journal(
  journal uuid, idempotency_key text DEFAULT NULL, description text DEFAULT '', created_by uuid DEFAULT NULL
) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
  mirrored jsonb;
BEGIN
  SELECT jsonb_agg(jsonb_build_object(
           'account', account_id, 'type', transaction_type, 'amount', -amount, 'reference_type', nullif(reference_type, ''),
           'reference_id', reference_id) ORDER BY id DESC)
    INTO mirrored FROM account_transactions WHERE journal_id = journal;
  IF mirrored IS NULL THEN
    RAISE EXCEPTION 'there is no journal % to reverse', journal
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'journals_reversal_of_id_fk', HINT = 'Look its id up again.';
  END IF;
  RETURN post_journal(
    'reversal', coalesce(idempotency_key, 'reversal:' || journal), mirrored, description, created_by, reversal_of => journal);
END
$$;
COMMENT ON FUNCTION reverse_journal(uuid, text, text, uuid) IS 'Posts the mirror of a journal, once.';

-- Approving is what books: the request ends as completed, or stays as it was.
CREATE FUNCTION approve_cash(request uuid, approver uuid) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
  asked cash_requests;
  signed numeric;
  booked uuid;
BEGIN
  SELECT * INTO asked FROM cash_requests WHERE id = request FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no cash request %', request
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'cash_requests_exists', HINT = 'Look its id up again.';
  END IF;
  IF asked.status = 'completed' THEN
    RETURN asked.journal_id;
  END IF;
  UPDATE cash_requests
     SET status = 'processing', approved_by_id = coalesce(approved_by_id, approver), approved_at = coalesce(approved_at, now())
   WHERE id = request;
  signed := CASE asked.request_type WHEN 'withdrawal' THEN -asked.amount ELSE asked.amount END;
  SELECT post_journal(
           asked.request_type, 'cash:' || request,
           jsonb_build_array(
             jsonb_build_object('account', accounts.id, 'type', asked.request_type, 'amount', signed,
                                'reference_type', 'cash_requests', 'reference_id', request),
             jsonb_build_object('account', house_account(accounts.currency, account_type = 'demo', accounts.id), 'type', asked.request_type,
                                'amount', -signed, 'reference_type', 'cash_requests', 'reference_id', request)),
           created_by => approver)
    INTO booked FROM accounts WHERE id = asked.account_id;
  UPDATE cash_requests SET status = 'completed', journal_id = booked WHERE id = request;
  RETURN booked;
END
$$;
COMMENT ON FUNCTION approve_cash(uuid, uuid) IS 'Approves a cash request and books it against the house; approving again returns the same journal.';

-- Returns null where nothing is owed. The key names the entry that left the debt, so that each debt is paid once.
CREATE FUNCTION apply_negative_balance_protection(account uuid, created_by uuid DEFAULT NULL) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
  debtor accounts;
  house uuid := (SELECT house_account(currency, account_type = 'demo', id) FROM accounts WHERE id = account);
BEGIN
  -- Both, in the order in which every journal locks.
  PERFORM FROM accounts WHERE id IN (account, house) ORDER BY id FOR NO KEY UPDATE;
  SELECT * INTO debtor FROM accounts WHERE id = account;
  IF NOT FOUND OR debtor.kind <> 'client' THEN
    RAISE EXCEPTION 'account % is not a client''s', account
      USING ERRCODE = 'check_violation', CONSTRAINT = 'accounts_protected_client', HINT = 'Only clients are protected.';
  END IF;
  IF debtor.balance >= 0 THEN
    RETURN NULL;
  END IF;
  RETURN post_journal(
    'adjustment', format('negative-balance:%s:%s', account, debtor.last_seq),
    jsonb_build_array(
      jsonb_build_object('account', account, 'type', 'adjustment', 'amount', -debtor.balance),
      jsonb_build_object('account', house, 'type', 'adjustment', 'amount', debtor.balance)),
    'Negative balance protection', created_by);
END
$$;
COMMENT ON FUNCTION apply_negative_balance_protection(uuid, uuid) IS 'The house pays what a client''s balance is below zero; returns the journal.';

-- As for post_entries(): every row is found by its key, so a plan serves the whole session.
ALTER FUNCTION post_journal(text, text, jsonb, text, uuid, uuid, jsonb) SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION post_journal(text, text, jsonb, text, uuid, uuid, jsonb) SET enable_seqscan = off;

-- Fills and swaps call these with the owner's rights. A session compiles a function once, so what the application called
-- before would have its variables of the types that stand in the caller's schemas, whose checks would run as the owner.
DO $$
DECLARE
  door text;
BEGIN
  FOREACH door IN ARRAY ARRAY[
    'post_journal(text, text, jsonb, text, uuid, uuid, jsonb)', 'house_account(text, boolean, uuid)',
    'reverse_journal(uuid, text, text, uuid)', 'approve_cash(uuid, uuid)', 'apply_negative_balance_protection(uuid, uuid)']
  LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', door, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', door);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO trading_app', door);
  END LOOP;
END
$$;
