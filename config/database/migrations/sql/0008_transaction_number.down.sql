DROP FUNCTION transaction_number();
