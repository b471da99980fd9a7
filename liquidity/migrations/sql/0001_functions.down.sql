DROP FUNCTION refuse_unknown_quote_sources();
DROP FUNCTION sor_actions_valid(jsonb);
DROP FUNCTION sor_conditions_valid(jsonb);
