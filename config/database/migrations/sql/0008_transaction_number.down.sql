DROP FUNCTION transaction_number();
DROP FUNCTION transaction_offset();
