-- What every query begins with: the objects of the connection's schema, without what extensions brought along.
WITH home AS (
  SELECT oid, nspname FROM pg_namespace WHERE nspname = current_schema()
), member AS (
  SELECT classid, objid FROM pg_depend WHERE deptype = 'e' AND refclassid = 'pg_extension'::regclass
), relation AS (
  SELECT c.*, parent.relname AS leaf_of
    FROM pg_class c
    JOIN home ON home.oid = c.relnamespace
    LEFT JOIN pg_inherits i ON i.inhrelid = c.oid AND c.relispartition
    LEFT JOIN pg_class parent ON parent.oid = i.inhparent
   WHERE c.relpersistence <> 't'
     AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_class'::regclass AND m.objid = c.oid)
)
