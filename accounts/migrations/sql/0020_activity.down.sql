DROP FUNCTION record_key_activity();
DROP FUNCTION record_user_activity();
