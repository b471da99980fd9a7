DROP FUNCTION record_breaker_event();
DROP FUNCTION record_limit_breach_event();
DROP FUNCTION record_margin_call_event();
