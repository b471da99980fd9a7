-- A hold may be released, once; nothing else of it ever changes.
CREATE FUNCTION allow_release_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  release CONSTANT text[] := ARRAY['released_at', 'released_by', 'release_reason'];
BEGIN
  IF OLD.released_at IS NOT NULL
     OR NEW.released_at IS NULL
     OR to_jsonb(NEW) - release IS DISTINCT FROM to_jsonb(OLD) - release
  THEN
    RAISE EXCEPTION 'table % is append-only: a hold may only be released, once', TG_TABLE_NAME
      USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only',
            HINT = 'Set released_at, released_by and release_reason of a hold that is not released yet, and nothing else.';
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION allow_release_only() IS 'BEFORE UPDATE of legal_holds.';

-- Whoever drops a partition writes down its departure in the same transaction, so this keeps the partition.
CREATE FUNCTION refuse_held_departure() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  hold record;
BEGIN
  SELECT * INTO hold FROM legal_holds
   WHERE released_at IS NULL AND table_name IN ('', NEW.table_name)
     AND held_from < NEW.period_until AND coalesce(held_until, 'infinity') > NEW.period_from
   LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'the period of % is under a legal hold since %: %', NEW.partition_name, hold.created_at::date, hold.reason
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'partition_departures_legal_hold',
            HINT = 'It can leave once the hold is released.';
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION refuse_held_departure() IS 'BEFORE INSERT of partition_departures.';

-- Their variables are of the schema's types, whoever is logged in.
DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION allow_release_only() SET search_path = %I, pg_temp', current_schema());
  EXECUTE format('ALTER FUNCTION refuse_held_departure() SET search_path = %I, pg_temp', current_schema());
END
$$;
