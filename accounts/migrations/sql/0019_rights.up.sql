-- Who may do what in the back office is decided by somebody who may decide it: whoever writes names him, and the named one
-- must have the right. The application acts for all of its users, so it can name another one than who asked; the audit log
-- keeps the name. Nobody can make rights out of nothing, and the schema's owner is free to set the first ones.

CREATE FUNCTION grants_rights(person uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
    SELECT FROM users
     WHERE id = person AND is_active AND deleted_at IS NULL
       AND (is_superuser
            OR EXISTS (SELECT FROM user_roles
                        WHERE user_id = person AND role = 'super_admin' AND granted_at <= now()
                          AND (expires_at IS NULL OR expires_at > now()))))
$$;
COMMENT ON FUNCTION grants_rights(uuid) IS 'Whether somebody may decide now what others may do: a superuser or super admin.';

-- The very first one's rights come from the system. Once there was somebody they do not, also where he has lost his own
-- since: who may change users could else take everybody's away, and give himself theirs. The log, which has no index for
-- this, is asked only where the tables know of nobody.
CREATE FUNCTION somebody_else_grants_rights(person uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT FROM users WHERE is_superuser AND id <> person)
      OR EXISTS (SELECT FROM user_roles WHERE role = 'super_admin' AND user_id <> person)
      OR EXISTS (SELECT FROM audit_log
                  WHERE table_name = 'users' AND record_id <> person AND changes -> 'is_superuser' ->> 0 = 'true'
                     OR table_name = 'user_roles' AND action = 'DELETE' AND changes ->> 'role' = 'super_admin'
                        AND changes ->> 'user_id' <> person::text)
$$;
COMMENT ON FUNCTION somebody_else_grants_rights(uuid) IS 'Whether anybody but this one may decide what others may do, or ever could.';

CREATE FUNCTION check_role_grant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_user::regrole = (SELECT relowner FROM pg_class WHERE oid = TG_RELID) THEN
    RETURN NEW;
  END IF;
  IF TG_OP = 'UPDATE' THEN
    IF (OLD.user_id, OLD.role, OLD.granted_at) IS DISTINCT FROM (NEW.user_id, NEW.role, NEW.granted_at) THEN
      RAISE EXCEPTION 'role % of user % stays what it was granted as', OLD.role, OLD.user_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'user_roles_grant_immutable', TABLE = 'user_roles',
              HINT = 'End it, and grant another one.';
    END IF;
    -- Ended earlier, or nothing that counts.
    IF NEW.granted_by_id IS NOT DISTINCT FROM OLD.granted_by_id
       AND (NEW.expires_at IS NOT DISTINCT FROM OLD.expires_at OR NEW.expires_at < coalesce(OLD.expires_at, 'infinity'))
    THEN
      RETURN NEW;
    END IF;
  END IF;
  -- These have no rights in the back office.
  IF NEW.role IN ('user', 'trader') THEN
    RETURN NEW;
  END IF;
  IF NEW.granted_by_id IS NULL AND NOT somebody_else_grants_rights(NEW.user_id) THEN
    RETURN NEW;
  END IF;
  IF NEW.granted_by_id IS NULL OR NOT grants_rights(NEW.granted_by_id) THEN
    RAISE EXCEPTION 'role % of user % is granted by somebody who may not', NEW.role, NEW.user_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'user_roles_granter_may_grant', TABLE = 'user_roles',
            HINT = 'Give granted_by_id: a superuser or super admin of now.';
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION check_role_grant() IS 'BEFORE INSERT, UPDATE of user_roles: who grants a role of the back office may do so.';

-- The acting user is the one of the audit log's context.
CREATE FUNCTION check_user_rights() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  acting text := nullif(current_setting('audit.context', true), '')::jsonb ->> 'user';
  actor record;
BEGIN
  IF current_user::regrole = (SELECT relowner FROM pg_class WHERE oid = TG_RELID)
     OR NOT (NEW.is_superuser AND OLD.is_superuser IS NOT TRUE OR NEW.is_staff AND OLD.is_staff IS NOT TRUE)
  THEN
    RETURN NEW;
  END IF;
  SELECT id, is_superuser INTO actor
    FROM users
   WHERE id = CASE WHEN acting ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN acting::uuid END AND is_active AND deleted_at IS NULL AND id <> NEW.id;
  IF FOUND AND grants_rights(actor.id) AND (actor.is_superuser OR NOT NEW.is_superuser OR OLD.is_superuser IS TRUE)
     OR NOT somebody_else_grants_rights(NEW.id)
  THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'user % is given the back office by somebody who may not', NEW.username
    USING ERRCODE = 'check_violation', CONSTRAINT = 'users_rights_from_above', TABLE = 'users',
          HINT = 'Another user has to act (audit.context) who may: only a superuser makes superusers.';
END
$$;
COMMENT ON FUNCTION check_user_rights() IS 'BEFORE INSERT, UPDATE of users: is_staff and is_superuser are given by who may.';

DO $$
DECLARE
  rule text;
BEGIN
  FOREACH rule IN ARRAY ARRAY['check_role_grant()', 'check_user_rights()', 'grants_rights(uuid)', 'somebody_else_grants_rights(uuid)'] LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', rule, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', rule);
  END LOOP;
END
$$;
-- Triggers ask these with the writer's rights.
GRANT EXECUTE ON FUNCTION grants_rights(uuid), somebody_else_grants_rights(uuid) TO trading_app;
