-- Mutable tables.
GRANT SELECT, INSERT, UPDATE, DELETE
   ON users, user_roles, user_sessions, api_keys, client_identities, client_classifications, currencies, accounts, cash_requests
   TO trading_app;

-- Append-only tables: the triggers refuse the rest even to the owner, the grants do not offer it.
GRANT SELECT, INSERT
   ON journals, account_transactions, account_audit
   TO trading_app;

-- Tables without a secret.
GRANT SELECT
   ON user_roles, client_classifications, currencies, accounts, journals, account_transactions, cash_requests
   TO trading_readonly, trading_auditor;

-- Tables with secrets (hashes, the second factor, national ids, what identifies a session): all other columns.
GRANT SELECT (
    id, created_at, updated_at, deleted_at, email, username, first_name, last_name, phone, country_code, kyc_status, kyc_level,
    is_active, is_staff, is_superuser, is_verified, email_verified_at, two_factor_enabled, last_login_at, last_login_ip,
    failed_login_attempts, locked_until, metadata)
   ON users TO trading_readonly, trading_auditor;
GRANT SELECT (
    id, created_at, updated_at, user_id, ip_address, user_agent, started_at, last_seen_at, ended_at)
   ON user_sessions TO trading_readonly, trading_auditor;
GRANT SELECT (
    id, created_at, updated_at, user_id, name, prefix, scopes, allowed_ips, last_used_at, expires_at, revoked_at)
   ON api_keys TO trading_readonly, trading_auditor;
GRANT SELECT (
    id, created_at, updated_at, user_id, lei, legal_name, first_names, surname, birth_date, country_code)
   ON client_identities TO trading_readonly, trading_auditor;

GRANT SELECT ON account_audit TO trading_auditor;
