-- What the triggers of audited tables share. Their own functions are generated from the models.

-- A transaction says who it is in its setting audit.context, a JSON object: {"user": id, "ip": …, "user_agent": …,
-- "session": …, "request": …, "service": name, "reason": …}, all optional. Written down, it is remembered in two settings
-- for as long as it is there: a savepoint that is rolled back takes all three along. audit.known is the transaction,
-- whether a user or a service is named (t or f), and what was said; audit.number the context's number.
CREATE FUNCTION write_audit_context(audited_table text, is_critical boolean) RETURNS smallint LANGUAGE plpgsql AS $$
DECLARE
  xid text := pg_current_xact_id()::text;
  given text := coalesce(current_setting('audit.context', true), '');
  known text := coalesce(current_setting('audit.known', true), '');
  next_number smallint := 1;
  said jsonb;
  who uuid;
  address inet;
  is_anybody boolean;
BEGIN
  IF starts_with(known, xid || ' ') THEN
    IF known = concat(xid, ' f ', given) AND NOT is_critical THEN
      RETURN current_setting('audit.number');
    END IF;
    next_number := current_setting('audit.number')::smallint + 1;
  END IF;
  -- Nothing is written in this block: a write would cost each transaction a number for the savepoint that it is.
  BEGIN
    said := coalesce(nullif(given, ''), '{}');
    who := said ->> 'user';
    address := said ->> 'ip';
  EXCEPTION
    WHEN invalid_text_representation THEN
      RAISE EXCEPTION 'audit.context is not a JSON object with a user''s id and an IP address: %', SQLERRM
        USING ERRCODE = 'invalid_parameter_value', HINT = 'For example {"user": "<uuid>", "ip": "192.0.2.1", "reason": "…"}.';
  END;
  is_anybody := who IS NOT NULL OR coalesce(said ->> 'service', '') <> '';
  IF is_critical AND NOT is_anybody THEN
    RAISE EXCEPTION 'table % is critical: a change by nobody is refused', audited_table
      USING ERRCODE = 'insufficient_privilege', TABLE = audited_table, CONSTRAINT = audited_table || '_audited_actor',
            HINT = 'First, in the same transaction: SELECT set_config(''audit.context'', ''{"user": "<id>", "reason": "…"}'', true)';
  END IF;
  INSERT INTO audit_contexts (
    txid, created_at, number, user_id, user_ip, user_agent, session_id, request_id, service, reason, db_user)
  VALUES (
    xid::bigint, clock_timestamp(), next_number, who, address,
    coalesce(left(said ->> 'user_agent', 500), ''), coalesce(left(said ->> 'session', 128), ''),
    coalesce(left(said ->> 'request', 64), ''), coalesce(left(said ->> 'service', 64), ''),
    coalesce(said ->> 'reason', ''), session_user);
  -- An expression is evaluated at once; PERFORM would run a query.
  known := set_config('audit.known', concat(xid, CASE WHEN is_anybody THEN ' t ' ELSE ' f ' END, given), true);
  RETURN set_config('audit.number', next_number::text, true);
END
$$;
COMMENT ON FUNCTION write_audit_context(text, boolean) IS 'Writes down what the transaction says about itself and has not said before.';

-- In SQL, so that its body becomes part of the triggers' statements: this is asked at each of them, and the answer is
-- nearly always known.
CREATE FUNCTION audit_context(audited_table text, is_critical boolean) RETURNS smallint LANGUAGE sql AS $$
  SELECT CASE WHEN current_setting('audit.known', true)
                   = concat(pg_current_xact_id(), ' t ', current_setting('audit.context', true))
              THEN current_setting('audit.number')::smallint
              ELSE write_audit_context(audited_table, is_critical) END
$$;
COMMENT ON FUNCTION audit_context(text, boolean) IS 'The number of the transaction''s context, which is written down when it is new.';

CREATE FUNCTION refuse_key_change(audited_table text) RETURNS uuid LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'table % is audited: a row keeps its id', audited_table
    USING ERRCODE = 'restrict_violation', TABLE = audited_table, CONSTRAINT = audited_table || '_audited_key',
          HINT = 'Write a new row and delete the old one.';
END
$$;
COMMENT ON FUNCTION refuse_key_change(text) IS 'Raises: the log follows a row by its key.';

CREATE FUNCTION refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'table % is audited: TRUNCATE is refused', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = TG_TABLE_NAME || '_audited_truncate',
          HINT = 'DELETE the rows: the log keeps what they were.';
END
$$;
COMMENT ON FUNCTION refuse_truncate() IS 'BEFORE TRUNCATE of audited tables: rows would go without a trace.';

-- The function of an audited table looks into its own schema only, belongs to the role that may write the log, and is
-- nobody's to call or to put on a table of his own.
CREATE FUNCTION secure_audit_function(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER FUNCTION %I() SET search_path = %I, pg_temp', name, current_schema());
  EXECUTE format('REVOKE ALL ON FUNCTION %I() FROM PUBLIC', name);
  EXECUTE format('ALTER FUNCTION %I() OWNER TO trading_audit_owner', name);
END
$$;
COMMENT ON FUNCTION secure_audit_function(text) IS 'Gives the function of an audited table its owner and its search_path.';

ALTER FUNCTION audit_context(text, boolean) OWNER TO trading_audit_owner;
ALTER FUNCTION write_audit_context(text, boolean) OWNER TO trading_audit_owner;
ALTER FUNCTION refuse_key_change(text) OWNER TO trading_audit_owner;
REVOKE ALL ON FUNCTION audit_context(text, boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION write_audit_context(text, boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION refuse_key_change(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION refuse_truncate() FROM PUBLIC;
REVOKE ALL ON FUNCTION secure_audit_function(text) FROM PUBLIC;

-- Only the triggers write changes and contexts; only migrations write layouts.
REVOKE INSERT ON audit_log FROM trading_app;
GRANT INSERT ON audit_log, audit_contexts TO trading_audit_owner;
GRANT SELECT ON audit_contexts, audit_layouts TO trading_app, trading_auditor;
