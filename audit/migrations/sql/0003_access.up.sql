-- Append-only tables: the triggers refuse the rest even to the owner, the grants do not offer it.
GRANT SELECT, INSERT
   ON audit_log, audit_seals, user_activity_log, risk_events, compliance_events, system_events, api_access_log
   TO trading_app;

-- Reports read what happened to the system; who did what is for the auditor.
GRANT SELECT ON risk_events, system_events TO trading_readonly;

GRANT SELECT
   ON audit_log, audit_seals, user_activity_log, risk_events, compliance_events, system_events, api_access_log
   TO trading_auditor;
