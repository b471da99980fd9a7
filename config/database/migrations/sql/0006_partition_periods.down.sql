-- Makes the missing partitions for the time from first to last; returns how many. A new table is built beside the
-- parent and then attached: that takes a lock which readers and writers do not wait for.
-- SECURITY DEFINER: loading old quotes needs old partitions, and the application may not create tables.
CREATE OR REPLACE FUNCTION ensure_partitions(parent regclass, every text, first timestamptz, last timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  parent_name text;
  parent_schema text;
  parent_key text;
  catch_all timestamptz;
  lower_bound timestamptz;
  upper_bound timestamptz;
  leaf text;
  made integer := 0;
BEGIN
  IF every NOT IN ('day', 'week', 'month') THEN
    RAISE EXCEPTION 'partitions are cut by day, week or month, not by %', every USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT relname, nspname, pg_get_partkeydef(pg_class.oid) INTO parent_name, parent_schema, parent_key
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
   WHERE pg_class.oid = parent AND relkind = 'p' AND relowner = current_user::regrole;
  IF parent_key IS NULL OR parent_key NOT LIKE 'RANGE (%' THEN
    RAISE EXCEPTION '% is not a table that is partitioned by range', parent USING ERRCODE = 'wrong_object_type';
  END IF;
  PERFORM pg_advisory_xact_lock('pg_class'::regclass::int, parent::oid::int);
  catch_all := catch_all_lower_bound(parent);
  lower_bound := date_trunc(every, first, 'UTC');
  WHILE lower_bound <= last LOOP
    upper_bound := (lower_bound AT TIME ZONE 'UTC' + ('1 ' || every)::interval) AT TIME ZONE 'UTC';
    EXIT WHEN upper_bound > catch_all;
    leaf := parent_name || '_p' || to_char(lower_bound AT TIME ZONE 'UTC', CASE every WHEN 'month' THEN 'YYYY_MM' ELSE 'YYYY_MM_DD' END);
    IF to_regclass(format('%I.%I', parent_schema, leaf)) IS NULL THEN
      PERFORM add_partition(parent, leaf, format('FOR VALUES FROM (%L) TO (%L)', lower_bound, upper_bound));
      made := made + 1;
    END IF;
    lower_bound := upper_bound;
  END LOOP;
  RETURN made;
END
$$;

DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION ensure_partitions(regclass, text, timestamptz, timestamptz) SET search_path = %I, pg_temp', current_schema());
END
$$;

DROP FUNCTION attach_periods(regclass, text[], timestamptz[], interval);
DROP FUNCTION attach_partition(regclass, text, timestamptz, timestamptz);
DROP FUNCTION build_partition(regclass, text, timestamptz, timestamptz);
DROP FUNCTION partition_key(regclass);
DROP FUNCTION partitions_of(regclass);
