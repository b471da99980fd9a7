DROP FUNCTION refuse_held_departure();
DROP FUNCTION allow_release_only();
