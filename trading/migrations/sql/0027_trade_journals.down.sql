DROP TRIGGER journals_of_trading ON journals;
DROP FUNCTION refuse_trading_journal();
