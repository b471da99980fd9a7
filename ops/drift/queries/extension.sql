SELECT extname AS name,
       NULL AS part_of,
       NULL AS leaf_of,
       format('CREATE EXTENSION %I', extname) AS sql,
       jsonb_build_object(
         'version', extversion,
         'schema', CASE WHEN extnamespace = current_schema()::regnamespace THEN 'that of the tables'
                        ELSE extnamespace::regnamespace::text END) AS facts
  FROM pg_extension
