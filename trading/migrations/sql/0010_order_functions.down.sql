DROP FUNCTION open_order_request();
DROP FUNCTION apply_fill_to_order();
DROP FUNCTION record_order_event();
DROP FUNCTION guard_order_terms();
DROP FUNCTION guard_order();
DROP FUNCTION check_order_terms(text, instruments, numeric, numeric[]);
