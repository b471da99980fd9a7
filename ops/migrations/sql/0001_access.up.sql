-- Only `migrate` writes what it did, as the owner.
GRANT SELECT ON migration_runs, migration_steps TO trading_app, trading_readonly, trading_auditor;
