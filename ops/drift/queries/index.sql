SELECT CASE WHEN r.leaf_of IS NULL THEN i.relname
            ELSE coalesce(parent.relname, i.relname) || ' of ' || r.relname END AS name,
       r.relname AS part_of,
       r.leaf_of,
       pg_get_indexdef(i.oid, 0, true) AS sql,
       jsonb_build_object(
         'table', r.relname,
         'definition', regexp_replace(pg_get_indexdef(i.oid, 0, true),
                                      '^CREATE (UNIQUE )?INDEX .*? ON (ONLY )?.*? USING ', '\1USING '),
         'valid', x.indisvalid AND x.indisready AND x.indislive,
         'clustered', x.indisclustered,
         'replica identity', x.indisreplident,
         'tablespace', (SELECT spcname FROM pg_tablespace WHERE oid = i.reltablespace),
         'attached', CASE WHEN r.leaf_of IS NOT NULL THEN parent.relname IS NOT NULL END,
         'statistics targets', (SELECT string_agg(attnum || ':' || attstattarget, ', ' ORDER BY attnum)
                                  FROM pg_attribute WHERE attrelid = i.oid AND attstattarget > -1),
         'comment', obj_description(i.oid, 'pg_class')) AS facts
  FROM relation r
  JOIN pg_index x ON x.indrelid = r.oid
  JOIN pg_class i ON i.oid = x.indexrelid
  LEFT JOIN pg_inherits h ON h.inhrelid = i.oid
  LEFT JOIN pg_class parent ON parent.oid = h.inhparent
 WHERE r.relkind IN ('r', 'p', 'm')
