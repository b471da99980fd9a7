CREATE FUNCTION transaction_offset() RETURNS bigint LANGUAGE sql IMMUTABLE RETURN 0::bigint;
COMMENT ON FUNCTION transaction_offset() IS 'What a restored database adds to the cluster''s numbers of transactions.';
CREATE OR REPLACE FUNCTION transaction_number() RETURNS bigint LANGUAGE sql STABLE RETURN txid_current() + transaction_offset();
