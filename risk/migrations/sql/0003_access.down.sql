REVOKE ALL ON
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
FROM trading_app, trading_readonly, trading_auditor;
