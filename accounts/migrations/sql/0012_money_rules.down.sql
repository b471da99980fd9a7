DROP FUNCTION check_currency_exponent();
DROP FUNCTION refuse_valued_account();
DROP FUNCTION refuse_account_identity();
DROP FUNCTION refuse_trading_entry();
DROP TRIGGER journals_name_of_another ON journals;
DROP FUNCTION check_journal_name();
ALTER TABLE accounts ALTER CONSTRAINT accounts_currency_fk DEFERRABLE INITIALLY DEFERRED;
