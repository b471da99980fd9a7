-- Keys that Django has no word for. They hold for new rows at once; the next migration checks those that are there,
-- without standing in the way of writers.

-- A limit is for somebody or something that exists: the columns are made from entity_type and entity_id.
ALTER TABLE risk_limits
  ADD CONSTRAINT risk_limits_user_id_fk FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID,
  ADD CONSTRAINT risk_limits_account_id_fk FOREIGN KEY (account_id) REFERENCES accounts (id) NOT VALID,
  ADD CONSTRAINT risk_limits_instrument_id_fk FOREIGN KEY (instrument_id) REFERENCES instruments (id) NOT VALID;

-- So is a circuit breaker. A liquidity provider's is not checked: risk does not know that app.
ALTER TABLE circuit_breakers
  ADD CONSTRAINT circuit_breakers_instrument_id_fk FOREIGN KEY (instrument_id) REFERENCES instruments (id) NOT VALID,
  ADD CONSTRAINT circuit_breakers_account_id_fk FOREIGN KEY (account_id) REFERENCES accounts (id) NOT VALID;

-- Whoever is named beside an account is its owner.
ALTER TABLE risk_limit_breaches
  ADD CONSTRAINT risk_limit_breaches_account_user_fk
    FOREIGN KEY (account_id, user_id) REFERENCES accounts (id, user_id) NOT VALID;
ALTER TABLE margin_calls
  ADD CONSTRAINT margin_calls_account_user_fk
    FOREIGN KEY (account_id, user_id) REFERENCES accounts (id, user_id) NOT VALID;

-- The class of a rate is its instrument's, and its cap is the class's. A cap that changes takes its rates along,
-- whose CHECK then refuses what allows too much.
ALTER TABLE margin_rates
  ADD CONSTRAINT margin_rates_instrument_class_fk
    FOREIGN KEY (instrument_id, esma_class) REFERENCES instruments (id, esma_class) NOT VALID,
  ADD CONSTRAINT margin_rates_cap_fk
    FOREIGN KEY (regime, class, esma_class, max_leverage)
    REFERENCES leverage_caps (regime, class, esma_class, max_leverage) ON UPDATE CASCADE NOT VALID;
