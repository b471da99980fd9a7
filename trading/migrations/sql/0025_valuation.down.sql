DROP FUNCTION accrue_swaps(date);
DROP FUNCTION charge_night(date);
DROP FUNCTION mark_to_market(uuid, timestamptz);
