-- The role that owns the functions which write the log. It belongs to the whole server, so it may exist already; the
-- owner of the tables hands functions to it, for which it must be a member.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'trading_audit_owner') THEN
    BEGIN
      CREATE ROLE trading_audit_owner NOLOGIN;
    EXCEPTION
      WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'role trading_audit_owner is missing and % may not create it', current_user
          USING HINT = 'Run scripts/setup-dev-db as an administrator of the server, or: CREATE ROLE trading_audit_owner NOLOGIN; GRANT trading_audit_owner TO trading_owner';
      WHEN duplicate_object THEN NULL;  -- another database's migration was quicker
    END;
  END IF;
  IF NOT pg_has_role(current_user, 'trading_audit_owner', 'MEMBER') THEN
    BEGIN
      EXECUTE format('GRANT trading_audit_owner TO %I', current_user);
    EXCEPTION
      WHEN insufficient_privilege THEN
        RAISE EXCEPTION '% is not a member of role trading_audit_owner', current_user
          USING HINT = 'Run scripts/setup-dev-db as an administrator of the server, or: GRANT trading_audit_owner TO ' || current_user;
    END;
  END IF;
  -- CREATE: a function's owner must have it, at the moment when it is handed over.
  EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO trading_audit_owner', current_schema());
END
$$;
