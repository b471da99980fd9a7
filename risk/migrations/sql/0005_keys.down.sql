ALTER TABLE margin_rates
  DROP CONSTRAINT margin_rates_cap_fk,
  DROP CONSTRAINT margin_rates_instrument_class_fk;
ALTER TABLE margin_calls DROP CONSTRAINT margin_calls_account_user_fk;
ALTER TABLE risk_limit_breaches DROP CONSTRAINT risk_limit_breaches_account_user_fk;
ALTER TABLE circuit_breakers
  DROP CONSTRAINT circuit_breakers_account_id_fk,
  DROP CONSTRAINT circuit_breakers_instrument_id_fk;
ALTER TABLE risk_limits
  DROP CONSTRAINT risk_limits_instrument_id_fk,
  DROP CONSTRAINT risk_limits_account_id_fk,
  DROP CONSTRAINT risk_limits_user_id_fk;
