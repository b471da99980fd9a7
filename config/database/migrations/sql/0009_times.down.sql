DROP FUNCTION refuse_other_time();
