-- How far this database's numbers of transactions are ahead of the cluster's: 0 where it was made. After a restore into
-- another cluster, which counts anew, the sealer replaces the function by one that lets the numbers go on rising.
CREATE FUNCTION transaction_offset() RETURNS bigint LANGUAGE sql IMMUTABLE RETURN 0::bigint;
COMMENT ON FUNCTION transaction_offset() IS 'What a restored database adds to the cluster''s numbers of transactions.';

-- In SQL and STABLE: the planner inlines it, and COPY goes on writing many rows at once, which a volatile default forbids.
CREATE FUNCTION transaction_number() RETURNS bigint LANGUAGE sql STABLE RETURN txid_current() + transaction_offset();
COMMENT ON FUNCTION transaction_number() IS 'Number of the current transaction: 64 bits, never used again.';
