DROP FUNCTION accrue_swaps(date);
DROP FUNCTION mark_to_market(uuid, timestamptz);
