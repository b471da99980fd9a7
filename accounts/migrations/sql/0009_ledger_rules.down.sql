GRANT INSERT ON account_audit TO trading_app;
-- On the whole table, which takes the rights on its columns away as well.
REVOKE UPDATE ON accounts FROM trading_app;
GRANT UPDATE ON accounts TO trading_app;

DROP TRIGGER journals_reversal_mirrors ON journals;
DROP TRIGGER journals_has_entries ON journals;
DROP FUNCTION check_cash_request();
DROP FUNCTION check_new_cash_request();
DROP FUNCTION record_account_changed();
DROP FUNCTION record_account_created();
DROP FUNCTION check_reversal_mirrors();
DROP FUNCTION check_journal_has_entries();
DROP FUNCTION refuse_head_backward();
DROP FUNCTION post_entries();

ALTER TABLE account_audit DROP CONSTRAINT account_audit_chain_fk;
ALTER TABLE cash_requests DROP CONSTRAINT cash_requests_account_currency_fk;
ALTER TABLE accounts DROP CONSTRAINT accounts_head_fk;
ALTER TABLE account_transactions DROP CONSTRAINT account_transactions_chain_fk;
