SELECT nspname AS name,
       NULL AS part_of,
       NULL AS leaf_of,
       format('CREATE SCHEMA %I', nspname) AS sql,
       jsonb_build_object(
         'owner', CASE WHEN nspowner::regrole::text = 'pg_database_owner' THEN d.datdba ELSE nspowner END::regrole::text,
         'comment', obj_description(n.oid, 'pg_namespace')) AS facts
  FROM pg_namespace n, pg_database d
 WHERE d.datname = current_database()
   AND nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema'
   AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_namespace'::regclass AND m.objid = n.oid)
