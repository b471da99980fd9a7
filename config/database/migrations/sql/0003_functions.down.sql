DROP FUNCTION soft_delete();
DROP FUNCTION refuse_change();
DROP FUNCTION set_updated_at();
-- Where uuidv7() is built in there is none of ours to drop.
DO $$
BEGIN
  EXECUTE format('DROP FUNCTION IF EXISTS %I.uuidv7()', current_schema());
END
$$;
