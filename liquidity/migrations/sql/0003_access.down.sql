-- Revoking from the table takes the rights on its columns too.
REVOKE SELECT ON
  liquidity_providers, lp_instruments, lp_quotes, lp_order_routing, lp_performance_metrics, lp_exposure, sor_rules,
  client_profiles
  FROM trading_readonly, trading_auditor;
REVOKE SELECT, INSERT ON lp_quotes FROM trading_app;
REVOKE SELECT, INSERT, UPDATE, DELETE ON
  liquidity_providers, lp_instruments, lp_order_routing, lp_performance_metrics, lp_exposure, sor_rules, client_profiles
  FROM trading_app;
