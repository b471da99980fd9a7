-- The lower bound of a table's catch-all, or null while it has none.
CREATE FUNCTION catch_all_lower_bound(parent regclass) RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT substring(bound FROM 'FROM \(''([^'']+)''\)')::timestamptz
    FROM pg_inherits
    JOIN pg_class child ON child.oid = inhrelid,
         pg_get_expr(child.relpartbound, child.oid) AS bound
   WHERE inhparent = parent AND bound LIKE '%TO (MAXVALUE)'
$$;
COMMENT ON FUNCTION catch_all_lower_bound(regclass) IS 'Where the premade partitions of a table end and its catch-all begins.';

-- Every partition of a table and the time that it is for; the catch-all reaches to infinity. One that is `leaving` was
-- left by a DETACH CONCURRENTLY that did not end.
CREATE FUNCTION partitions_of(parent regclass)
RETURNS TABLE (leaf regclass, lower_bound timestamptz, upper_bound timestamptz, leaving boolean) LANGUAGE sql STABLE AS $$
  SELECT child.oid::regclass,
         substring(bound FROM 'FROM \(''([^'']+)''\)')::timestamptz,
         coalesce(substring(bound FROM 'TO \(''([^'']+)''\)')::timestamptz, 'infinity'),
         inhdetachpending
    FROM pg_inherits
    JOIN pg_class child ON child.oid = inhrelid,
         pg_get_expr(child.relpartbound, child.oid) AS bound
   WHERE inhparent = parent
$$;
COMMENT ON FUNCTION partitions_of(regclass) IS 'The partitions of a table and the time that each is for.';

-- The column that a table is cut by.
CREATE FUNCTION partition_key(parent regclass) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT attname::text
    FROM pg_partitioned_table
    JOIN pg_attribute ON attrelid = partrelid AND attnum = partattrs[0]
   WHERE partrelid = parent AND partstrat = 'r' AND partnatts = 1
$$;
COMMENT ON FUNCTION partition_key(regclass) IS 'The column that a table is cut by.';

-- A table that is all that a partition of the parent must be, but is not attached yet: columns, constraints, indexes,
-- statistics targets, and the trigger against TRUNCATE (statement triggers are not inherited). Its CHECK is what spares
-- ATTACH the reading of every row under its lock.
CREATE FUNCTION build_partition(parent regclass, leaf text, lower_bound timestamptz, upper_bound timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  home text := (SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = parent);
  key text := partition_key(parent);
  deep record;
BEGIN
  EXECUTE format(
    'CREATE TABLE %s.%I (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE INCLUDING INDEXES)',
    home, leaf, parent);
  EXECUTE format(
    'ALTER TABLE %s.%I ADD CONSTRAINT partition_period_check CHECK (%I IS NOT NULL AND %I >= %L%s)',
    home, leaf, key, key, lower_bound,
    CASE upper_bound WHEN 'infinity' THEN '' ELSE format(' AND %I < %L', key, upper_bound) END);
  FOR deep IN
    SELECT attname, attstattarget FROM pg_attribute WHERE attrelid = parent AND attnum > 0 AND attstattarget > 0
  LOOP
    EXECUTE format('ALTER TABLE %s.%I ALTER COLUMN %I SET STATISTICS %s', home, leaf, deep.attname, deep.attstattarget);
  END LOOP;
  IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = parent AND tgfoid = 'refuse_change'::regproc AND (tgtype::int & 32) > 0) THEN
    EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON %s.%I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', home, leaf);
  END IF;
END
$$;
COMMENT ON FUNCTION build_partition(regclass, text, timestamptz, timestamptz) IS 'Builds a table that can be attached without reading it.';

-- Attaches what was built; the CHECK has done its work then, as the bounds say the same.
CREATE FUNCTION attach_partition(parent regclass, leaf text, lower_bound timestamptz, upper_bound timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  home text := (SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = parent);
BEGIN
  EXECUTE format(
    'ALTER TABLE %s ATTACH PARTITION %s.%I FOR VALUES FROM (%L) TO (%s)',
    parent, home, leaf, lower_bound, CASE upper_bound WHEN 'infinity' THEN 'MAXVALUE' ELSE quote_literal(upper_bound) END);
  EXECUTE format('ALTER TABLE %s.%I DROP CONSTRAINT IF EXISTS partition_period_check', home, leaf);
END
$$;
COMMENT ON FUNCTION attach_partition(regclass, text, timestamptz, timestamptz) IS 'Attaches a table that build_partition has made.';

-- Takes the catch-all off, attaches periods that were built before it, and puts it back behind them: one statement, so
-- that a statement_timeout bounds how long writers wait. It stops early, with a shorter list, once the lock has been
-- held for `budget`. Returns how many periods were attached.
CREATE FUNCTION attach_periods(parent regclass, leaves text[], bounds timestamptz[], budget interval) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  catch_all regclass := (SELECT p.leaf FROM partitions_of(parent) p WHERE p.lower_bound = bounds[1] AND p.upper_bound = 'infinity');
  held_since timestamptz;
  attached integer := 0;
BEGIN
  IF catch_all IS NULL THEN
    RAISE EXCEPTION 'the catch-all of % does not begin at %', parent, bounds[1] USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', parent, catch_all);
  held_since := clock_timestamp();
  -- Without a page there is no row, and nothing to read when it is attached again.
  IF pg_relation_size(catch_all) > 0 THEN
    RAISE EXCEPTION 'the catch-all of % holds rows', parent USING ERRCODE = 'object_in_use';
  END IF;
  WHILE attached < cardinality(leaves) AND clock_timestamp() - held_since < budget LOOP
    attached := attached + 1;
    PERFORM attach_partition(parent, leaves[attached], bounds[attached], bounds[attached + 1]);
  END LOOP;
  PERFORM attach_partition(parent, relname, bounds[attached + 1], 'infinity') FROM pg_class WHERE oid = catch_all;
  RETURN attached;
END
$$;
COMMENT ON FUNCTION attach_periods(regclass, text[], timestamptz[], interval) IS 'Puts periods before an empty catch-all.';

-- Makes the missing partitions for the time from first to last; returns how many. A new table is built beside the
-- parent and then attached: that takes a lock which readers and writers do not wait for. A date that cannot be meant makes
-- none. A name may be taken by a partition that has left its table but is not dropped yet.
-- SECURITY DEFINER: loading old quotes needs old partitions, and the application may not create tables.
CREATE FUNCTION ensure_partitions(parent regclass, every text, first timestamptz, last timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  earliest CONSTANT timestamptz := '1970-01-01 00:00:00+00';
  latest CONSTANT timestamptz := now() + interval '10 years';
  most CONSTANT integer := 1000;
  parent_name text;
  parent_schema text;
  catch_all timestamptz;
  period_start timestamptz;
  period_end timestamptz;
  base text;
  leaf text;
  copies integer;
  made integer := 0;
  cut_now interval;
BEGIN
  IF every NOT IN ('day', 'week', 'month') THEN
    RAISE EXCEPTION 'partitions are cut by day, week or month, not by %', every USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT relname, nspname INTO parent_name, parent_schema
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
   WHERE pg_class.oid = parent AND relkind = 'p' AND relowner = current_user::regrole AND partition_key(parent) IS NOT NULL;
  IF parent_name IS NULL THEN
    RAISE EXCEPTION '% is not a table that is partitioned by range', parent USING ERRCODE = 'wrong_object_type';
  END IF;
  IF NOT (first >= earliest AND last <= latest) THEN
    RAISE EXCEPTION '% takes rows dated from % to %, not %: correct the date of the row, or of the period',
      parent_name, (earliest AT TIME ZONE 'UTC')::date, (latest AT TIME ZONE 'UTC')::date,
      CASE WHEN first >= earliest THEN last ELSE first END
      USING ERRCODE = 'datetime_field_overflow', HINT = 'Seconds that were read as milliseconds, or the reverse, look like this.';
  END IF;
  IF last - first > most * ('1 ' || every)::interval THEN
    RAISE EXCEPTION 'the time from % to % needs more than % partitions of %: take it in parts', first, last, most, parent_name
      USING ERRCODE = 'program_limit_exceeded';
  END IF;
  -- A month where days are wanted, made by whoever may call this, would stand in the way of all its days.
  SELECT age(p.upper_bound AT TIME ZONE 'UTC', p.lower_bound AT TIME ZONE 'UTC') INTO cut_now
    FROM partitions_of(parent) p WHERE p.upper_bound <> 'infinity' ORDER BY p.upper_bound DESC LIMIT 1;
  IF cut_now <> ('1 ' || every)::interval THEN
    RAISE EXCEPTION '% is cut by %, not by %', parent_name, cut_now, every USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM pg_advisory_xact_lock('pg_class'::regclass::int, parent::oid::int);
  catch_all := catch_all_lower_bound(parent);
  period_start := date_trunc(every, first, 'UTC');
  WHILE period_start <= last LOOP
    period_end := (period_start AT TIME ZONE 'UTC' + ('1 ' || every)::interval) AT TIME ZONE 'UTC';
    EXIT WHEN period_end > catch_all;
    IF NOT EXISTS (SELECT FROM partitions_of(parent) p WHERE p.lower_bound = period_start) THEN
      base := parent_name || '_p' || to_char(period_start AT TIME ZONE 'UTC', CASE every WHEN 'month' THEN 'YYYY_MM' ELSE 'YYYY_MM_DD' END);
      leaf := base;
      copies := 1;
      WHILE to_regclass(format('%I.%I', parent_schema, leaf)) IS NOT NULL LOOP
        copies := copies + 1;
        leaf := base || 'x' || copies;
      END LOOP;
      PERFORM build_partition(parent, leaf, period_start, period_end);
      PERFORM attach_partition(parent, leaf, period_start, period_end);
      made := made + 1;
    END IF;
    period_start := period_end;
  END LOOP;
  RETURN made;
END
$$;
COMMENT ON FUNCTION ensure_partitions(regclass, text, timestamptz, timestamptz) IS 'Makes the missing partitions of a period; returns how many.';

CREATE FUNCTION add_catch_all_partition(parent regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  last_bound timestamptz := (
    SELECT max(substring(pg_get_expr(child.relpartbound, child.oid) FROM 'TO \(''([^'']+)''\)')::timestamptz)
      FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
     WHERE inhparent = parent);
  leaf text := (SELECT relname FROM pg_class WHERE oid = parent) || '_catch_all';
BEGIN
  PERFORM build_partition(parent, leaf, last_bound, 'infinity');
  PERFORM attach_partition(parent, leaf, last_bound, 'infinity');
END
$$;
COMMENT ON FUNCTION add_catch_all_partition(regclass) IS 'From the last premade bound to the end of time: a forgotten timer never stops a write.';

-- Statistics of a table and its partitions, after a bulk load; autovacuum keeps none of a partitioned parent.
-- SECURITY DEFINER: before PostgreSQL 17 only a table's owner may ANALYZE it.
CREATE FUNCTION refresh_statistics(target regclass) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_class WHERE oid = target AND relkind IN ('r', 'p') AND relowner = current_user::regrole) THEN
    RAISE EXCEPTION '% is not a table of the schema''s owner', target USING ERRCODE = 'wrong_object_type';
  END IF;
  EXECUTE format('ANALYZE %s', target);
END
$$;
COMMENT ON FUNCTION refresh_statistics(regclass) IS 'ANALYZE, for a role that does not own the table.';

-- A definer function must not look into the caller's schemas; the schema's name is known only here.
DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION ensure_partitions(regclass, text, timestamptz, timestamptz) SET search_path = %I, pg_temp', current_schema());
  EXECUTE format('ALTER FUNCTION refresh_statistics(regclass) SET search_path = %I, pg_temp', current_schema());
  REVOKE ALL ON FUNCTION refresh_statistics(regclass) FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION refresh_statistics(regclass) TO trading_app;
  REVOKE ALL ON FUNCTION ensure_partitions(regclass, text, timestamptz, timestamptz) FROM PUBLIC;
  REVOKE ALL ON FUNCTION partitions_of(regclass) FROM PUBLIC;
  REVOKE ALL ON FUNCTION partition_key(regclass) FROM PUBLIC;
  REVOKE ALL ON FUNCTION build_partition(regclass, text, timestamptz, timestamptz) FROM PUBLIC;
  REVOKE ALL ON FUNCTION attach_partition(regclass, text, timestamptz, timestamptz) FROM PUBLIC;
  REVOKE ALL ON FUNCTION attach_periods(regclass, text[], timestamptz[], interval) FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION partitions_of(regclass) TO trading_app, trading_readonly, trading_auditor;
  GRANT EXECUTE ON FUNCTION partition_key(regclass) TO trading_app, trading_readonly, trading_auditor;
  REVOKE ALL ON FUNCTION add_catch_all_partition(regclass) FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION ensure_partitions(regclass, text, timestamptz, timestamptz) TO trading_app;
END
$$;
