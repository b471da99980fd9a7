SELECT relname AS name,
       NULL AS part_of,
       NULL AS leaf_of,
       format('CREATE %sVIEW %I AS %s', CASE relkind WHEN 'm' THEN 'MATERIALIZED ' END, relname,
              pg_get_viewdef(oid, true)) AS sql,
       jsonb_build_object(
         'kind', CASE relkind WHEN 'v' THEN 'view' ELSE 'materialised view' END,
         'definition', pg_get_viewdef(oid, true),
         'columns', (SELECT string_agg(format('%s %s', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum)
                       FROM pg_attribute WHERE attrelid = relation.oid AND attnum > 0 AND NOT attisdropped),
         'options', (SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(reloptions) o),
         'owner', relowner::regrole::text,
         'comment', obj_description(oid, 'pg_class')) AS facts
  FROM relation
 WHERE relkind IN ('v', 'm')
