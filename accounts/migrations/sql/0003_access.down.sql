REVOKE SELECT ON account_audit FROM trading_auditor;

REVOKE SELECT (
    id, created_at, updated_at, user_id, lei, legal_name, first_names, surname, birth_date, country_code)
   ON client_identities FROM trading_readonly, trading_auditor;
REVOKE SELECT (
    id, created_at, updated_at, user_id, name, prefix, scopes, allowed_ips, last_used_at, expires_at, revoked_at)
   ON api_keys FROM trading_readonly, trading_auditor;
REVOKE SELECT (
    id, created_at, updated_at, user_id, ip_address, user_agent, started_at, last_seen_at, ended_at)
   ON user_sessions FROM trading_readonly, trading_auditor;
REVOKE SELECT (
    id, created_at, updated_at, deleted_at, email, username, first_name, last_name, phone, country_code, kyc_status, kyc_level,
    is_active, is_staff, is_superuser, is_verified, email_verified_at, two_factor_enabled, last_login_at, last_login_ip,
    failed_login_attempts, locked_until, metadata)
   ON users FROM trading_readonly, trading_auditor;

REVOKE SELECT
   ON user_roles, client_classifications, currencies, accounts, journals, account_transactions, cash_requests
   FROM trading_readonly, trading_auditor;

REVOKE SELECT, INSERT
   ON journals, account_transactions, account_audit
   FROM trading_app;

REVOKE SELECT, INSERT, UPDATE, DELETE
   ON users, user_roles, user_sessions, api_keys, client_identities, client_classifications, currencies, accounts, cash_requests
   FROM trading_app;
