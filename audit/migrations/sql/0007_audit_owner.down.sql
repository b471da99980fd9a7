-- The role stays: other databases of the server use it.
DO $$
BEGIN
  EXECUTE format('REVOKE USAGE, CREATE ON SCHEMA %I FROM trading_audit_owner', current_schema());
END
$$;
