-- The application: changes what changes, only adds to what is append-only.
GRANT SELECT, INSERT, UPDATE, DELETE ON
  liquidity_providers, lp_instruments, lp_order_routing, lp_performance_metrics, lp_exposure, sor_rules, client_profiles
  TO trading_app;
GRANT SELECT, INSERT ON lp_quotes TO trading_app;

-- Readers see everything but the providers' secrets.
GRANT SELECT ON
  lp_instruments, lp_quotes, lp_order_routing, lp_performance_metrics, lp_exposure, sor_rules, client_profiles
  TO trading_readonly, trading_auditor;
GRANT SELECT (
  id, created_at, updated_at, deleted_at, name, provider_type, protocol, lei, is_active, priority, min_order_size,
  max_order_size, supported_instruments, connection_string, connection_status, last_heartbeat, latency_ms,
  uptime_percentage, currency, total_volume_24h, total_trades_24h, config)
  ON liquidity_providers TO trading_readonly, trading_auditor;
