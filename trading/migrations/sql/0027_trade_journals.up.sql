-- What trading books is booked by its own functions, and undone by them: a journal of a trade that is reversed alone would
-- leave the trade in force. The functions act as the owner, whoever calls them; reversals of other journals are free.
CREATE FUNCTION refuse_trading_journal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_user::regrole = (SELECT relowner FROM pg_class WHERE oid = TG_RELID) THEN
    RETURN NEW;
  END IF;
  -- Nor is the reversal of a trade reversed: the bust stands. Nor does another journal take the name that one of trading will
  -- have: it would pass for booked already.
  IF NEW.kind = 'reversal'
     AND (NEW.idempotency_key = 'reversal:' || NEW.reversal_of_id
          OR split_part(NEW.idempotency_key, ':', 1) <> ALL ('{fill,bust,swap,reversal}'))
     AND NOT EXISTS (
    SELECT FROM journals AS reversed LEFT JOIN journals AS origin ON origin.id = reversed.reversal_of_id
     WHERE reversed.id = NEW.reversal_of_id AND coalesce(origin.kind, reversed.kind) IN ('trade', 'swap'))
  THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'journal %: trades and swaps are not booked, and not undone, by hand', NEW.idempotency_key
    USING ERRCODE = 'check_violation', CONSTRAINT = 'journals_of_trading', TABLE = 'journals',
          HINT = 'Use apply_fill(), bust_trade() or accrue_swaps(); book anything else as an adjustment or a correction.';
END
$$;
COMMENT ON FUNCTION refuse_trading_journal() IS 'BEFORE INSERT of journals of trades and swaps, or by their names, by anybody but the owner''s functions.';

-- The name spares the owner's functions the call.
CREATE TRIGGER journals_of_trading BEFORE INSERT ON journals
  FOR EACH ROW WHEN (
    CURRENT_USER <> 'trading_owner'
    AND (NEW.kind = ANY ('{trade,swap,reversal}') OR split_part(NEW.idempotency_key, ':', 1) = ANY ('{fill,bust,swap,reversal}')))
  EXECUTE FUNCTION refuse_trading_journal();

DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION refuse_trading_journal() SET search_path = %I, pg_temp', current_schema());
END
$$;
REVOKE ALL ON FUNCTION refuse_trading_journal() FROM PUBLIC;
