-- What happens to accounts and breakers is also an event for the risk desk, whoever writes it.
CREATE FUNCTION record_margin_call_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO risk_events (event_type, severity, user_id, account_id, measured, description, details)
  VALUES (
    NEW.call_type, CASE NEW.call_type WHEN 'margin_call' THEN 'warning' ELSE 'critical' END, NEW.user_id, NEW.account_id,
    NEW.margin_level, '', jsonb_build_object('margin_call', NEW.id, 'required', NEW.margin_required, 'available', NEW.margin_available));
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION record_margin_call_event() IS 'AFTER INSERT of margin_calls: writes the risk event.';

CREATE FUNCTION record_limit_breach_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  kind text := (SELECT limit_type FROM risk_limits WHERE id = NEW.limit_id);
BEGIN
  INSERT INTO risk_events (
    event_type, severity, user_id, account_id, position_id, measured, threshold, description, action_taken, details)
  VALUES (
    CASE kind WHEN 'exposure_limit' THEN 'exposure_breach' ELSE 'limit_breach' END,
    CASE NEW.severity WHEN 'breach' THEN 'error' ELSE NEW.severity END,
    NEW.user_id, NEW.account_id, NEW.position_id, NEW.actual_value, NEW.limit_value, coalesce(kind, ''), NEW.action_taken,
    jsonb_strip_nulls(jsonb_build_object('breach', NEW.id, 'limit', NEW.limit_id, 'order', NEW.order_id)));
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION record_limit_breach_event() IS 'AFTER INSERT of risk_limit_breaches: writes the risk event.';

CREATE FUNCTION record_breaker_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO risk_events (event_type, severity, account_id, instrument_id, measured, threshold, description, action_taken, details)
  SELECT 'circuit_breaker_triggered', 'critical', account_id, instrument_id, current_value, threshold_value, breaker_name,
         NEW.action_taken, jsonb_build_object('breaker', id, 'event', NEW.id)
    FROM circuit_breakers WHERE id = NEW.breaker_id;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION record_breaker_event() IS 'AFTER INSERT of circuit_breaker_events: a breaker that tripped is a risk event.';

-- Events go into the logs of this schema, not into a temporary table that the writer has named like one of them.
DO $$
DECLARE
  teller text;
BEGIN
  FOREACH teller IN ARRAY ARRAY['record_margin_call_event', 'record_limit_breach_event', 'record_breaker_event'] LOOP
    EXECUTE format('ALTER FUNCTION %I() SET search_path = %I, pg_temp', teller, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %I() FROM PUBLIC', teller);
  END LOOP;
END
$$;
