-- The application may place and release a hold. What has left is written by the owner, who drops it.
GRANT SELECT, INSERT ON legal_holds TO trading_app;
GRANT UPDATE (released_at, released_by, release_reason) ON legal_holds TO trading_app;
GRANT SELECT ON partition_departures TO trading_app;
GRANT SELECT ON legal_holds, partition_departures TO trading_auditor;
