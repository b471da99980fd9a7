-- The cluster's own counter is the only one. Where a restored database must count on from a higher number, the cluster's
-- epoch is raised (pg_resetwal -e), which moves every number of 64 bits.
CREATE OR REPLACE FUNCTION transaction_number() RETURNS bigint LANGUAGE sql STABLE RETURN txid_current();
-- squawk-ignore ban-drop-function
DROP FUNCTION transaction_offset();
