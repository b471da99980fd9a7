DELETE FROM order_status_transitions;
