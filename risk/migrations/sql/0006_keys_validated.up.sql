ALTER TABLE risk_limits
  VALIDATE CONSTRAINT risk_limits_user_id_fk,
  VALIDATE CONSTRAINT risk_limits_account_id_fk,
  VALIDATE CONSTRAINT risk_limits_instrument_id_fk;
ALTER TABLE circuit_breakers
  VALIDATE CONSTRAINT circuit_breakers_instrument_id_fk,
  VALIDATE CONSTRAINT circuit_breakers_account_id_fk;
ALTER TABLE risk_limit_breaches VALIDATE CONSTRAINT risk_limit_breaches_account_user_fk;
ALTER TABLE margin_calls VALIDATE CONSTRAINT margin_calls_account_user_fk;
ALTER TABLE margin_rates
  VALIDATE CONSTRAINT margin_rates_instrument_class_fk,
  VALIDATE CONSTRAINT margin_rates_cap_fk;
