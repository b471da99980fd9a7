-- The cluster's own counter is the only one. Where a restored database must count on from a higher number, the cluster's
-- epoch is raised (pg_resetwal -e), which moves every number of 64 bits.
-- In SQL and STABLE: the planner inlines it, and COPY goes on writing many rows at once, which a volatile default forbids.
CREATE FUNCTION transaction_number() RETURNS bigint LANGUAGE sql STABLE RETURN txid_current();
COMMENT ON FUNCTION transaction_number() IS 'Number of the current transaction: 64 bits, never used again.';
