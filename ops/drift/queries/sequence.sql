SELECT r.relname AS name,
       o.relname AS part_of,
       NULL AS leaf_of,
       format('CREATE SEQUENCE %I', r.relname) AS sql,
       jsonb_build_object(
         'type', s.seqtypid::regtype::text,
         'starts at', s.seqstart, 'increment', s.seqincrement, 'minimum', s.seqmin, 'maximum', s.seqmax,
         'cache', s.seqcache, 'cycles', s.seqcycle,
         'persistence', CASE r.relpersistence WHEN 'p' THEN 'permanent' ELSE 'unlogged' END,
         'owned by', o.relname || '.' || a.attname,
         'owner', r.relowner::regrole::text,
         'comment', obj_description(r.oid, 'pg_class')) AS facts
  FROM relation r
  JOIN pg_sequence s ON s.seqrelid = r.oid
  LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.objsubid = 0
                       AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
  LEFT JOIN pg_class o ON o.oid = d.refobjid
  LEFT JOIN pg_attribute a ON a.attrelid = o.oid AND a.attnum = d.refobjsubid
