SELECT t.tgname || ' of ' || r.relname AS name,
       r.relname AS part_of,
       r.leaf_of,
       pg_get_triggerdef(t.oid, true) AS sql,
       jsonb_build_object(
         'definition', pg_get_triggerdef(t.oid, true),
         'enabled', CASE t.tgenabled WHEN 'O' THEN 'yes' WHEN 'D' THEN 'no'
                                     WHEN 'R' THEN 'on replicas only' ELSE 'always' END,
         'comment', obj_description(t.oid, 'pg_trigger')) AS facts
  FROM relation r
  JOIN pg_trigger t ON t.tgrelid = r.oid
 WHERE NOT t.tgisinternal
