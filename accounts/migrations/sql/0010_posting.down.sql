DROP FUNCTION apply_negative_balance_protection(uuid, uuid);
DROP FUNCTION approve_cash(uuid, uuid);
DROP FUNCTION reverse_journal(uuid, text, text, uuid);
DROP FUNCTION house_account(text, boolean, uuid);
DROP FUNCTION post_journal(text, text, jsonb, text, uuid, uuid, jsonb);
