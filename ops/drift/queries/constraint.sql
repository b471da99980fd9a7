SELECT coalesce(parent.conname, k.conname) || ' of ' || r.relname AS name,
       r.relname AS part_of,
       r.leaf_of,
       format('ALTER TABLE %I ADD CONSTRAINT %I %s', r.relname, k.conname, pg_get_constraintdef(k.oid, true)) AS sql,
       jsonb_build_object(
         'kind', CASE k.contype WHEN 'c' THEN 'check' WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique'
                                WHEN 'x' THEN 'exclusion' ELSE 'foreign key' END,
         'definition', regexp_replace(pg_get_constraintdef(k.oid, true), ' NOT VALID$', ''),
         'validated', k.convalidated,
         'deferrable', CASE WHEN k.condeferred THEN 'initially deferred' WHEN k.condeferrable THEN 'initially immediate'
                            ELSE 'no' END,
         -- DISABLE TRIGGER ALL switches a foreign key off, and leaves no other trace.
         'enforced', (SELECT bool_and(tgenabled = 'O') FROM pg_trigger
                       WHERE tgconstraint = k.oid AND tgisinternal),
         'comment', obj_description(k.oid, 'pg_constraint')) AS facts
  FROM relation r
  JOIN pg_constraint k ON k.conrelid = r.oid
  LEFT JOIN pg_constraint parent ON parent.oid = k.conparentid
 WHERE k.contype IN ('c', 'p', 'u', 'f', 'x')
   -- PostgreSQL's own helpers of a foreign key that points at a partitioned table.
   AND (k.conparentid = 0 OR r.leaf_of IS NOT NULL)
