DROP FUNCTION refuse_settled_action();
