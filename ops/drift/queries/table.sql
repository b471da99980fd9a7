SELECT relname AS name,
       CASE WHEN leaf_of IS NOT NULL THEN relname END AS part_of,
       leaf_of,
       NULL AS sql,
       jsonb_build_object(
         'kind', CASE relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' ELSE 'foreign table' END,
         'persistence', CASE relpersistence WHEN 'p' THEN 'permanent' ELSE 'unlogged' END,
         'owner', relowner::regrole::text,
         'access method', (SELECT amname FROM pg_am WHERE oid = relam),
         'tablespace', (SELECT spcname FROM pg_tablespace WHERE oid = reltablespace),
         'storage options', (SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(reloptions) o),
         'toast options', (SELECT string_agg(o, ', ' ORDER BY o)
                             FROM pg_class toast, unnest(toast.reloptions) o WHERE toast.oid = relation.reltoastrelid),
         'partitioned by', pg_get_partkeydef(oid),
         'bounds', CASE WHEN relispartition THEN
                     -- Only that one has no end is no matter of the day.
                     CASE WHEN pg_get_expr(relpartbound, oid) LIKE '% TO (MAXVALUE)' THEN 'TO (MAXVALUE)'
                          ELSE substring(pg_get_expr(relpartbound, oid) FROM '^(DEFAULT|FOR VALUES (FROM|IN|WITH))') END END,
         'inherits', (SELECT string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno)
                        FROM pg_inherits WHERE inhrelid = relation.oid AND NOT relispartition),
         'of type', nullif(reloftype, 0)::regtype::text,
         'row security', CASE WHEN relforcerowsecurity THEN 'forced' WHEN relrowsecurity THEN 'enabled' ELSE 'off' END,
         'replica identity', CASE relreplident WHEN 'd' THEN 'primary key' WHEN 'n' THEN 'nothing'
                                               WHEN 'f' THEN 'whole row' ELSE 'index' END,
         -- A partition that was attached has the order that its maker chose.
         'order of columns', CASE WHEN NOT relispartition THEN
                               (SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute
                                 WHERE attrelid = relation.oid AND attnum > 0 AND NOT attisdropped) END,
         'comment', obj_description(oid, 'pg_class')) AS facts
  FROM relation
 WHERE relkind IN ('r', 'p', 'f')
