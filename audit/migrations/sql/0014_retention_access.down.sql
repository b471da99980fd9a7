REVOKE ALL ON legal_holds, partition_departures FROM trading_app, trading_auditor;
