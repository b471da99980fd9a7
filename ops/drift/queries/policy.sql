SELECT p.polname || ' of ' || r.relname AS name,
       r.relname AS part_of,
       r.leaf_of,
       NULL AS sql,
       jsonb_build_object(
         'command', CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'
                                  WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
         'permissive', p.polpermissive,
         'roles', (SELECT string_agg(CASE u WHEN 0 THEN 'PUBLIC' ELSE u::regrole::text END, ', '
                                     ORDER BY u::regrole::text) FROM unnest(p.polroles) u),
         'using', pg_get_expr(p.polqual, p.polrelid, true),
         'check', pg_get_expr(p.polwithcheck, p.polrelid, true),
         'comment', obj_description(p.oid, 'pg_policy')) AS facts
  FROM relation r
  JOIN pg_policy p ON p.polrelid = r.oid
