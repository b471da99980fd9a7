SELECT format('%s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)) AS name,
       NULL AS part_of,
       NULL AS leaf_of,
       CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END AS sql,
       jsonb_build_object(
         'kind', CASE p.prokind WHEN 'f' THEN 'function' WHEN 'p' THEN 'procedure'
                                WHEN 'a' THEN 'aggregate' ELSE 'window function' END,
         'arguments', pg_get_function_arguments(p.oid),
         'returns', pg_get_function_result(p.oid),
         'language', (SELECT lanname FROM pg_language WHERE oid = p.prolang),
         'body', coalesce(pg_get_function_sqlbody(p.oid), p.prosrc),
         'library', p.probin,
         'volatility', CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END,
         'parallel', CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END,
         'security', CASE WHEN p.prosecdef THEN 'definer' ELSE 'invoker' END,
         'strict', p.proisstrict,
         'leakproof', p.proleakproof,
         'settings', (SELECT string_agg(s, '; ' ORDER BY s) FROM unnest(p.proconfig) s),
         'cost', p.procost,
         'rows', p.prorows,
         'support function', nullif(p.prosupport, 0)::regproc::text,
         'aggregate', (SELECT format('%s %s %s %s', aggtransfn::regproc, aggfinalfn::regproc, aggtranstype::regtype,
                                     agginitval) FROM pg_aggregate WHERE aggfnoid = p.oid),
         'owner', p.proowner::regrole::text,
         'comment', obj_description(p.oid, 'pg_proc')) AS facts
  FROM pg_proc p
  JOIN home ON home.oid = p.pronamespace
 WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_proc'::regclass AND m.objid = p.oid)
