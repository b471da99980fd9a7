DROP FUNCTION refuse_verified_point();
