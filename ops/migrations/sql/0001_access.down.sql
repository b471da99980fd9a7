REVOKE SELECT ON migration_runs, migration_steps FROM trading_app, trading_readonly, trading_auditor;
