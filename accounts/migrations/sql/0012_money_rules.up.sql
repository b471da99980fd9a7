-- Money is what it is called, and accounts and currencies stay what they were opened as.

-- Whoever took the key first would keep the request from being booked, or the debt from being paid. A debt's key names the
-- entry that left it, so that another journal of that name has moved on from there.
CREATE FUNCTION check_journal_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM cash_requests WHERE journal_id = NEW.id AND status = 'completed')
     AND NOT EXISTS (
       SELECT FROM account_transactions
        WHERE journal_id = NEW.id AND NEW.idempotency_key = concat_ws(':', 'negative-balance', account_id, prev_seq))
  THEN
    RAISE EXCEPTION 'journal % is not what its idempotency key stands for: %', NEW.id, NEW.idempotency_key
      USING ERRCODE = 'check_violation', CONSTRAINT = 'journals_name_of_another', TABLE = 'journals',
            HINT = 'Use approve_cash() or apply_negative_balance_protection(), or another key.';
  END IF;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION check_journal_name() IS 'At the commit: a journal called as those of cash requests and paid debts is one.';

-- The kind spares fills and swaps, which only the owner's functions book, the look at the key.
CREATE CONSTRAINT TRIGGER journals_name_of_another AFTER INSERT ON journals DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (
    NEW.kind <> ALL ('{trade,swap}') AND split_part(NEW.idempotency_key, ':', 1) = ANY ('{cash,negative-balance}'))
  EXECUTE FUNCTION check_journal_name();

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

DO $$
DECLARE
  rule text;
BEGIN
  FOREACH rule IN ARRAY ARRAY[
    'check_journal_name', 'refuse_trading_entry', 'refuse_account_identity', 'refuse_valued_account',
    'check_currency_exponent']
  LOOP
    EXECUTE format('ALTER FUNCTION %I() SET search_path = %I, pg_temp', rule, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %I() FROM PUBLIC', rule);
  END LOOP;
END
$$;
