-- Splitting a catch-all that holds rows. They are copied aside, batch by batch, while a trigger copies what is written
-- meanwhile; then one short statement puts the copies in its place. A row is visible exactly once throughout, and none
-- is ever deleted, which append-only tables would refuse.

-- Copies a row of a catch-all that is being split. SECURITY DEFINER: the writer has no right to the copies. Arguments:
-- the staging table, its columns, and the same columns of the new row.
CREATE FUNCTION mirror_row() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  EXECUTE format('INSERT INTO %s (%s) SELECT %s', TG_ARGV[0], TG_ARGV[1], TG_ARGV[2]) USING NEW;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION mirror_row() IS 'AFTER INSERT on a catch-all that is being split: copies the row.';

-- The columns of a table that take values, with a prefix.
CREATE FUNCTION written_columns(target regclass, prefix text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT string_agg(prefix || quote_ident(attname), ', ' ORDER BY attnum)
    FROM pg_attribute WHERE attrelid = target AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
$$;
COMMENT ON FUNCTION written_columns(regclass, text) IS 'The columns of a table that are not generated.';

-- <table>_split: a partitioned table of its own, with the new periods and the rest behind them.
CREATE FUNCTION stage_split(parent regclass, leaves text[], bounds timestamptz[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  home text;
  base text;
  leaf text;
  upper_bound timestamptz;
BEGIN
  SELECT relnamespace::regnamespace::text, relname INTO home, base FROM pg_class WHERE oid = parent;
  EXECUTE format('CREATE TABLE %s.%I (LIKE %s INCLUDING GENERATED) PARTITION BY RANGE (%I)', home, base || '_split', parent, partition_key(parent));
  FOR n IN 1 .. cardinality(leaves) + 1 LOOP
    leaf := coalesce(leaves[n], base || '_split_rest');
    upper_bound := coalesce(bounds[n + 1], 'infinity');
    PERFORM build_partition(parent, leaf, bounds[n], upper_bound);
    EXECUTE format(
      'ALTER TABLE %s.%I ATTACH PARTITION %s.%I FOR VALUES FROM (%L) TO (%s)',
      home, base || '_split', home, leaf, bounds[n], CASE upper_bound WHEN 'infinity' THEN 'MAXVALUE' ELSE quote_literal(upper_bound) END);
  END LOOP;
END
$$;
COMMENT ON FUNCTION stage_split(regclass, text[], timestamptz[]) IS 'Makes what the rows of a catch-all are copied to.';

-- From its commit on, every new row of the catch-all is in the staging table, too. ALWAYS: also what a session writes
-- that has switched its triggers off.
CREATE FUNCTION mirror_catch_all(parent regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  catch_all regclass := (SELECT leaf FROM partitions_of(parent) WHERE upper_bound = 'infinity');
  staging text := (SELECT format('%s.%I', relnamespace::regnamespace, relname || '_split') FROM pg_class WHERE oid = parent);
BEGIN
  EXECUTE format(
    'CREATE TRIGGER catch_all_mirror AFTER INSERT ON %s FOR EACH ROW EXECUTE FUNCTION mirror_row(%L, %L, %L)',
    catch_all, staging, written_columns(catch_all, ''), written_columns(catch_all, '($1).'));
  EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER catch_all_mirror', catch_all);
END
$$;
COMMENT ON FUNCTION mirror_catch_all(regclass) IS 'Copies new rows of a catch-all from now on.';

-- Puts the copies in the place of the catch-all, which stays as <table>_split_old until somebody has looked at it.
CREATE FUNCTION swap_catch_all(parent regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  home text;
  base text;
  staging regclass;
  catch_all text;
  period record;
BEGIN
  SELECT relnamespace::regnamespace::text, relname, to_regclass(format('%s.%I', relnamespace::regnamespace, relname || '_split'))
    INTO home, base, staging FROM pg_class WHERE oid = parent;
  SELECT relname INTO catch_all FROM partitions_of(parent) JOIN pg_class ON oid = leaf WHERE upper_bound = 'infinity';
  -- Waits for every transaction that has used the table, so that what it wrote is committed, and copied, or undone.
  EXECUTE format('ALTER TABLE %s DETACH PARTITION %s.%I', parent, home, catch_all);
  EXECUTE format('DROP TRIGGER catch_all_mirror ON %s.%I', home, catch_all);
  EXECUTE format('ALTER TABLE %s.%I RENAME TO %I', home, catch_all, base || '_split_old');
  FOR period IN SELECT relname, lower_bound, upper_bound FROM partitions_of(staging) JOIN pg_class ON oid = leaf LOOP
    EXECUTE format('ALTER TABLE %s DETACH PARTITION %s.%I', staging, home, period.relname);
    PERFORM attach_partition(parent, period.relname, period.lower_bound, period.upper_bound);
  END LOOP;
  EXECUTE format('ALTER TABLE %s.%I RENAME TO %I', home, base || '_split_rest', catch_all);
  EXECUTE format('DROP TABLE %s', staging);
END
$$;
COMMENT ON FUNCTION swap_catch_all(regclass) IS 'Puts the copied periods in the place of a catch-all.';

-- Gives up a split that has not been swapped in: first the trigger, then what it writes to.
CREATE FUNCTION abandon_split(parent regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE (
    SELECT format('DROP TRIGGER IF EXISTS catch_all_mirror ON %s', leaf) FROM partitions_of(parent) WHERE upper_bound = 'infinity');
  EXECUTE (
    SELECT format('DROP TABLE IF EXISTS %s.%I', relnamespace::regnamespace, relname || '_split') FROM pg_class WHERE oid = parent);
END
$$;
COMMENT ON FUNCTION abandon_split(regclass) IS 'Undoes what stage_split and mirror_catch_all have made.';

DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION mirror_row() SET search_path = %I, pg_temp', current_schema());
  -- Whoever could put this trigger on a table of his own could write anywhere.
  REVOKE ALL ON FUNCTION mirror_row() FROM PUBLIC;
  REVOKE ALL ON FUNCTION written_columns(regclass, text) FROM PUBLIC;
  REVOKE ALL ON FUNCTION stage_split(regclass, text[], timestamptz[]) FROM PUBLIC;
  REVOKE ALL ON FUNCTION mirror_catch_all(regclass) FROM PUBLIC;
  REVOKE ALL ON FUNCTION swap_catch_all(regclass) FROM PUBLIC;
  REVOKE ALL ON FUNCTION abandon_split(regclass) FROM PUBLIC;
END
$$;
