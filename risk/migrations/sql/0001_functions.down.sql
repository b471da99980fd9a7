DROP FUNCTION allow_resolution_only();
DROP FUNCTION market_shocks_valid(jsonb);
DROP FUNCTION trigger_condition_valid(text, jsonb);
