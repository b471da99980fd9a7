CREATE FUNCTION refuse_other_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_user::regrole = (SELECT relowner FROM pg_class WHERE oid = TG_RELID) THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION 'a row of % is written now, and says so', TG_TABLE_NAME
    USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_written_now', TABLE = TG_TABLE_NAME,
          HINT = 'Leave out the times of writing: they are the transaction''s. Only history of the owner has others.';
END
$$;
COMMENT ON FUNCTION refuse_other_time() IS 'AFTER INSERT, where the times of writing are not the transaction''s: refused to anybody but the owner.';

DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION refuse_other_time() SET search_path = %I, pg_temp', current_schema());
END
$$;
REVOKE ALL ON FUNCTION refuse_other_time() FROM PUBLIC;
