SELECT 'this database' AS name,
       NULL AS part_of,
       NULL AS leaf_of,
       NULL AS sql,
       jsonb_build_object(
         'owner', datdba::regrole::text,
         'encoding', pg_encoding_to_char(encoding),
         'collation', datcollate,
         'character type', datctype,
         'locale provider', datlocprovider) AS facts
  FROM pg_database
 WHERE datname = current_database()
