-- What people and services change.
GRANT SELECT, INSERT, UPDATE, DELETE ON
  risk_limits,
  leverage_caps,
  margin_rates,
  margin_requirements,
  margin_calls,
  circuit_breakers,
  risk_alerts,
  stress_test_scenarios
TO trading_app;

-- What is written once.
GRANT SELECT, INSERT ON
  risk_limit_breaches,
  position_risk_metrics,
  portfolio_risk,
  circuit_breaker_events,
  stress_test_results
TO trading_app;

-- A breach is resolved later; a trigger lets that happen once.
GRANT UPDATE (resolved_at, resolved_by_id, resolution_note) ON risk_limit_breaches TO trading_app;

GRANT SELECT ON
  risk_limits,
  risk_limit_breaches,
  leverage_caps,
  margin_rates,
  margin_requirements,
  margin_calls,
  position_risk_metrics,
  portfolio_risk,
  circuit_breakers,
  circuit_breaker_events,
  risk_alerts,
  stress_test_scenarios,
  stress_test_results
TO trading_readonly, trading_auditor;
