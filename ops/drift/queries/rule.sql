SELECT w.rulename || ' of ' || r.relname AS name,
       r.relname AS part_of,
       r.leaf_of,
       pg_get_ruledef(w.oid, true) AS sql,
       jsonb_build_object(
         'definition', pg_get_ruledef(w.oid, true),
         'enabled', w.ev_enabled = 'O',
         'comment', obj_description(w.oid, 'pg_rewrite')) AS facts
  FROM relation r
  JOIN pg_rewrite w ON w.ev_class = r.oid
 WHERE w.rulename <> '_RETURN'
