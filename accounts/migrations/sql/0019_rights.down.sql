DROP FUNCTION check_user_rights();
DROP FUNCTION check_role_grant();
DROP FUNCTION somebody_else_grants_rights(uuid);
DROP FUNCTION grants_rights(uuid);
