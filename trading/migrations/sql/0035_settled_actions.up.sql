CREATE FUNCTION refuse_settled_action() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND
     (NEW.instrument_id, NEW.action, NEW.ex_date, NEW.record_date, NEW.payment_date, NEW.ratio, NEW.cash_amount,
      NEW.cash_currency, NEW.status, NEW.journal_id, NEW.applied_at)
     IS NOT DISTINCT FROM
     (OLD.instrument_id, OLD.action, OLD.ex_date, OLD.record_date, OLD.payment_date, OLD.ratio, OLD.cash_amount,
      OLD.cash_currency, OLD.status, OLD.journal_id, OLD.applied_at)
  THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'the % of % is %: it stays as it was', OLD.action, OLD.ex_date, OLD.status
    USING ERRCODE = 'check_violation', CONSTRAINT = 'corporate_actions_settled', TABLE = 'corporate_actions',
          HINT = 'Announce another one; what was booked by mistake is reversed by a journal of its own.';
END
$$;
COMMENT ON FUNCTION refuse_settled_action() IS 'BEFORE UPDATE, DELETE of corporate_actions that were applied or canceled.';

DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION refuse_settled_action() SET search_path = %I, pg_temp', current_schema());
END
$$;
REVOKE ALL ON FUNCTION refuse_settled_action() FROM PUBLIC;
