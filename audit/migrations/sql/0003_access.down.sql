REVOKE SELECT
   ON audit_log, audit_seals, user_activity_log, risk_events, compliance_events, system_events, api_access_log
   FROM trading_auditor;

REVOKE SELECT ON risk_events, system_events FROM trading_readonly;

REVOKE SELECT, INSERT
   ON audit_log, audit_seals, user_activity_log, risk_events, compliance_events, system_events, api_access_log
   FROM trading_app;
