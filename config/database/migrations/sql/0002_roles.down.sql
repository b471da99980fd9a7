-- The roles stay: they belong to the server, and its other databases may use them.
DO $$
BEGIN
  EXECUTE format('REVOKE USAGE ON SCHEMA %I FROM trading_app, trading_readonly, trading_auditor', current_schema());
END
$$;
