-- The bodies use nothing but what PostgreSQL brings along, so that a CHECK works whatever the search_path is,
-- also while a dump is restored.

-- {"metric": "price_change", "operator": ">=", "window_seconds": 300, "minimum_samples": 10,
--  "instrument_type": "crypto", "currency": "USD"}: the first two are required, the rest narrows down. The value that
-- is compared with is the breaker's threshold_value. A breaker that only people trip has no condition: {}.
CREATE FUNCTION trigger_condition_valid(breaker_type text, condition jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN jsonb_typeof(condition) IS DISTINCT FROM 'object' THEN false
    WHEN condition = '{}' THEN breaker_type = 'manual'
    ELSE
      condition - ARRAY['metric', 'operator', 'window_seconds', 'minimum_samples', 'instrument_type', 'currency'] = '{}'
      AND coalesce(condition ->> 'metric', '') ~ '^[a-z][a-z0-9_]*$'
      AND coalesce(condition ->> 'operator', '') IN ('>', '>=', '<', '<=')
      AND coalesce(condition ->> 'window_seconds', '1') ~ '^[1-9][0-9]{0,8}$'
      AND coalesce(jsonb_typeof(condition -> 'window_seconds'), 'number') = 'number'
      AND coalesce(condition ->> 'minimum_samples', '1') ~ '^[1-9][0-9]{0,8}$'
      AND coalesce(jsonb_typeof(condition -> 'minimum_samples'), 'number') = 'number'
      AND coalesce(condition ->> 'instrument_type', 'any') ~ '^[a-z_]+$'
      AND coalesce(condition ->> 'currency', 'ANY') ~ '^[A-Z0-9]{3,10}$'
  END
$$;
COMMENT ON FUNCTION trigger_condition_valid(text, jsonb) IS 'Whether a circuit breaker can be evaluated from this condition.';

-- {"crypto": -0.4, "EURUSD": -0.1, "volatility": 2.0}: relative change per factor; nothing loses more than all of it.
CREATE FUNCTION market_shocks_valid(shocks jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN jsonb_typeof(shocks) IS DISTINCT FROM 'object' OR shocks = '{}' OR shocks ? '' THEN false
    ELSE NOT jsonb_path_exists(shocks, 'strict $.* ? (@.type() != "number")')
     AND NOT jsonb_path_exists(shocks, 'strict $.* ? (@ < -1)')
  END
$$;
COMMENT ON FUNCTION market_shocks_valid(jsonb) IS 'Whether a stress scenario maps factors to relative changes of at least -1.';

-- Generated columns are compared through the columns that they are made from: a BEFORE trigger does not see them yet.
CREATE FUNCTION allow_resolution_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  resolution CONSTANT text[] := ARRAY['resolved_at', 'resolved_by_id', 'resolution_note'];
  generated CONSTANT text[] := ARRAY(
    SELECT attname FROM pg_attribute WHERE attrelid = TG_RELID AND attgenerated <> '' AND NOT attisdropped);
BEGIN
  IF OLD.resolved_at IS NOT NULL
     OR NEW.resolved_at IS NULL
     OR to_jsonb(NEW) - resolution - generated IS DISTINCT FROM to_jsonb(OLD) - resolution - generated
  THEN
    RAISE EXCEPTION 'table % is append-only: a row may only be resolved, once', TG_TABLE_NAME
      USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only',
            HINT = 'Set resolved_at, resolved_by_id and resolution_note of a row that is not resolved yet, and nothing else.';
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION allow_resolution_only() IS 'BEFORE UPDATE of tables that are append-only but for their resolution.';

-- Which columns are generated is asked of the catalog, not of a temporary table that the writer has named like it.
DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION allow_resolution_only() SET search_path = %I, pg_temp', current_schema());
END
$$;
