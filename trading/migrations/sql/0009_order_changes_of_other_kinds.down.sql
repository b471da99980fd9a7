-- The change of a pair that was there before keeps the exec type that it had; of the others none remains.
DELETE FROM order_status_transitions
 WHERE from_status = to_status AND (from_status, exec_type) <> ('partially_filled', 'trade')
    OR from_status = 'pending_replace' AND exec_type IN ('restated', 'trade')
    OR (from_status, exec_type) = ('pending_cancel', 'restated') AND to_status IN ('partially_filled', 'filled');
