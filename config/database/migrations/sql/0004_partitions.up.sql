-- The lower bound of a table's catch-all, or null while it has none.
CREATE FUNCTION catch_all_lower_bound(parent regclass) RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT substring(bound FROM 'FROM \(''([^'']+)''\)')::timestamptz
    FROM pg_inherits
    JOIN pg_class child ON child.oid = inhrelid,
         pg_get_expr(child.relpartbound, child.oid) AS bound
   WHERE inhparent = parent AND bound LIKE '%TO (MAXVALUE)'
$$;
COMMENT ON FUNCTION catch_all_lower_bound(regclass) IS 'Where the premade partitions of a table end and its catch-all begins.';

-- Makes the missing partitions for the time from first to last; returns how many. A new table is built beside the
-- parent and then attached: that takes a lock which readers and writers do not wait for.
-- SECURITY DEFINER: loading old quotes needs old partitions, and the application may not create tables.
CREATE FUNCTION ensure_partitions(parent regclass, every text, first timestamptz, last timestamptz) RETURNS integer
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
COMMENT ON FUNCTION ensure_partitions(regclass, text, timestamptz, timestamptz) IS 'Makes the missing partitions of a period; returns how many.';

-- Builds one partition and attaches it. Statement triggers are not inherited, so the one against TRUNCATE is repeated.
CREATE FUNCTION add_partition(parent regclass, leaf text, bounds text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  home text := (SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = parent);
BEGIN
  EXECUTE format('CREATE TABLE %s.%I (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE)', home, leaf, parent);
  EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s.%I %s', parent, home, leaf, bounds);
  IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = parent AND tgfoid = 'refuse_change'::regproc AND (tgtype::int & 32) > 0) THEN
    EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON %s.%I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', home, leaf);
  END IF;
END
$$;
COMMENT ON FUNCTION add_partition(regclass, text, text) IS 'Builds one partition and attaches it.';

CREATE FUNCTION add_catch_all_partition(parent regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  last_bound timestamptz := (
    SELECT max(substring(pg_get_expr(child.relpartbound, child.oid) FROM 'TO \(''([^'']+)''\)')::timestamptz)
      FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
     WHERE inhparent = parent);
BEGIN
  PERFORM add_partition(
    parent,
    (SELECT relname FROM pg_class WHERE oid = parent) || '_catch_all',
    format('FOR VALUES FROM (%L) TO (MAXVALUE)', last_bound));
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
  REVOKE ALL ON FUNCTION add_partition(regclass, text, text) FROM PUBLIC;
  REVOKE ALL ON FUNCTION add_catch_all_partition(regclass) FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION ensure_partitions(regclass, text, timestamptz, timestamptz) TO trading_app;
END
$$;
