-- What changes a person's access is his activity, and a decision about his identity is compliance's, whoever writes it.
-- Who does it, from where, is what the transaction says (audit.context).
CREATE FUNCTION record_user_activity() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  said jsonb := coalesce(nullif(current_setting('audit.context', true), ''), '{}');
  is_himself boolean := coalesce(said ->> 'user' = NEW.id::text, false);
BEGIN
  INSERT INTO user_activity_log (user_id, activity_type, ip_address, user_agent, session_id, details)
  SELECT NEW.id, activity, (said ->> 'ip')::inet, left(coalesce(said ->> 'user_agent', ''), 500), left(coalesce(said ->> 'session', ''), 128),
         CASE WHEN is_himself THEN '{}' ELSE jsonb_strip_nulls(jsonb_build_object('by', coalesce(said ->> 'user', said ->> 'service'))) END
    FROM (VALUES
      -- A web request of nobody that changes a hash is a log-in that replaces an old kind of hash.
      (CASE WHEN is_himself THEN 'password_change' ELSE 'password_reset' END,
       OLD.password_hash <> NEW.password_hash AND NOT (said ->> 'user' IS NULL AND coalesce(said ->> 'service', '') = 'web')),
      ('email_change', OLD.email <> NEW.email),
      ('2fa_enabled', NEW.two_factor_enabled AND NOT OLD.two_factor_enabled),
      ('2fa_disabled', OLD.two_factor_enabled AND NOT NEW.two_factor_enabled),
      ('kyc_submitted', OLD.kyc_status <> 'under_review' AND NEW.kyc_status = 'under_review'),
      ('profile_update', (OLD.username, OLD.first_name, OLD.last_name, OLD.phone, OLD.country_code)
                         IS DISTINCT FROM (NEW.username, NEW.first_name, NEW.last_name, NEW.phone, NEW.country_code)),
      ('settings_change', OLD.metadata <> NEW.metadata)
    ) AS happened (activity, is_so)
   WHERE is_so;
  IF OLD.kyc_status <> NEW.kyc_status OR OLD.kyc_level <> NEW.kyc_level THEN
    IF is_himself AND (NEW.kyc_status = 'approved' OR NEW.kyc_level > OLD.kyc_level) THEN
      RAISE EXCEPTION 'user %: nobody approves his own identity', NEW.username
        USING ERRCODE = 'check_violation', CONSTRAINT = 'users_kyc_by_another', TABLE = 'users', HINT = 'Ask another compliance officer.';
    END IF;
    INSERT INTO compliance_events (event_type, status, user_id, description, details)
    VALUES (
      'kyc_check',
      CASE NEW.kyc_status WHEN 'approved' THEN 'cleared' WHEN 'rejected' THEN 'confirmed' WHEN 'under_review' THEN 'under_review' ELSE 'open' END,
      NEW.id, format('%s, level %s', NEW.kyc_status, NEW.kyc_level),
      jsonb_strip_nulls(jsonb_build_object(
        'status', jsonb_build_array(OLD.kyc_status, NEW.kyc_status), 'level', jsonb_build_array(OLD.kyc_level, NEW.kyc_level),
        'by', coalesce(said ->> 'user', said ->> 'service'))));
  END IF;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION record_user_activity() IS 'AFTER UPDATE of users: writes his activity, and the check of his identity.';

CREATE FUNCTION record_key_activity() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  said jsonb := coalesce(nullif(current_setting('audit.context', true), ''), '{}');
BEGIN
  INSERT INTO user_activity_log (user_id, activity_type, ip_address, user_agent, session_id, details)
  VALUES (
    NEW.user_id, CASE TG_OP WHEN 'INSERT' THEN 'api_key_created' ELSE 'api_key_revoked' END, (said ->> 'ip')::inet,
    left(coalesce(said ->> 'user_agent', ''), 500), left(coalesce(said ->> 'session', ''), 128),
    jsonb_build_object('key', NEW.id, 'name', NEW.name));
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION record_key_activity() IS 'AFTER INSERT, UPDATE of api_keys: a key was made or revoked.';

-- Events go into the logs of this schema, not into a temporary table that the writer has named like one of them.
DO $$
DECLARE
  teller text;
BEGIN
  FOREACH teller IN ARRAY ARRAY['record_user_activity', 'record_key_activity'] LOOP
    EXECUTE format('ALTER FUNCTION %I() SET search_path = %I, pg_temp', teller, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %I() FROM PUBLIC', teller);
  END LOOP;
END
$$;
