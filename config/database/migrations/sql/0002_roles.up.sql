-- Group roles, without login. They belong to the whole server, so they may exist already; who may not make
-- them is told who can.
DO $$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['trading_owner', 'trading_app', 'trading_readonly', 'trading_auditor'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
      EXCEPTION
        WHEN insufficient_privilege THEN
          RAISE EXCEPTION 'role % is missing and % may not create it', wanted, current_user
            USING HINT = 'Run scripts/setup-dev-db as an administrator of the server, or: CREATE ROLE ' || wanted || ' NOLOGIN';
        WHEN duplicate_object THEN NULL;  -- another database's migration was quicker
      END;
    END IF;
  END LOOP;
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO trading_app, trading_readonly, trading_auditor', current_schema());
END
$$;
