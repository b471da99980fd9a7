SELECT t.typname AS name,
       NULL AS part_of,
       NULL AS leaf_of,
       NULL AS sql,
       jsonb_build_object(
         'kind', CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'c' THEN 'composite'
                                WHEN 'r' THEN 'range' ELSE 'base' END,
         'labels', (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder)
                      FROM pg_enum WHERE enumtypid = t.oid),
         'attributes', (SELECT string_agg(format('%s %s', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum)
                          FROM pg_attribute WHERE attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped),
         'of', coalesce((SELECT rngsubtype FROM pg_range WHERE rngtypid = t.oid), nullif(t.typbasetype, 0))::regtype::text,
         'modifier', CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END,
         'required', t.typnotnull,
         'default', t.typdefault,
         'checks', (SELECT string_agg(format('%s %s', conname, pg_get_constraintdef(oid, true)), '; ' ORDER BY conname)
                      FROM pg_constraint WHERE contypid = t.oid AND contype = 'c'),
         'owner', t.typowner::regrole::text,
         'comment', obj_description(t.oid, 'pg_type')) AS facts
  FROM pg_type t
  JOIN home ON home.oid = t.typnamespace
 WHERE t.typtype IN ('e', 'd', 'c', 'r', 'b')
   -- Tables and arrays have types of their own.
   AND (t.typrelid = 0 OR (SELECT relkind FROM pg_class WHERE oid = t.typrelid) = 'c')
   AND NOT EXISTS (SELECT FROM pg_type element WHERE element.typarray = t.oid)
   AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_type'::regclass AND m.objid = t.oid)
