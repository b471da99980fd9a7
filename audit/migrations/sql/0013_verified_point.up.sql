CREATE FUNCTION refuse_verified_point() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_user::regrole = (SELECT relowner FROM pg_class WHERE oid = TG_RELID) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'up to where the books were verified is written by verify_books only'
    USING ERRCODE = 'check_violation', CONSTRAINT = 'system_events_verified_point', TABLE = 'system_events',
          HINT = 'Run verify_books with the login of the schema''s owner.';
END
$$;
COMMENT ON FUNCTION refuse_verified_point() IS 'BEFORE INSERT of the point that incremental verification goes on from, by anybody but the owner.';

DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION refuse_verified_point() SET search_path = %I, pg_temp', current_schema());
END
$$;
REVOKE ALL ON FUNCTION refuse_verified_point() FROM PUBLIC;
