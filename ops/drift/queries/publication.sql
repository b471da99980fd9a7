SELECT pubname AS name,
       NULL AS part_of,
       NULL AS leaf_of,
       NULL AS sql,
       jsonb_build_object(
         'tables', CASE WHEN puballtables THEN 'all' ELSE
                     (SELECT string_agg(prrelid::regclass::text, ', ' ORDER BY prrelid::regclass::text)
                        FROM pg_publication_rel WHERE prpubid = p.oid) END,
         'schemas', (SELECT string_agg(pnnspid::regnamespace::text, ', ') FROM pg_publication_namespace
                      WHERE pnpubid = p.oid),
         'operations', concat_ws(', ', CASE WHEN pubinsert THEN 'insert' END, CASE WHEN pubupdate THEN 'update' END,
                                 CASE WHEN pubdelete THEN 'delete' END, CASE WHEN pubtruncate THEN 'truncate' END),
         'through the parent', pubviaroot,
         'owner', pubowner::regrole::text) AS facts
  FROM pg_publication p
