-- Settings that the database or its roles carry. Those of memory, planner, log and the like are the operator's.
SELECT format('%s of %s', split_part(entry, '=', 1),
              concat_ws(' in ', nullif(s.setrole, 0)::regrole::text,
                        CASE WHEN s.setdatabase <> 0 THEN 'the database' END)) AS name,
       NULL AS part_of,
       NULL AS leaf_of,
       NULL AS sql,
       jsonb_build_object('value', substr(entry, strpos(entry, '=') + 1)) AS facts
  FROM pg_db_role_setting s, unnest(s.setconfig) entry
  LEFT JOIN pg_settings known ON known.name = split_part(entry, '=', 1)
 WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
   AND (s.setrole = 0 OR s.setrole::regrole::text = ANY (:roles))
   AND (known.category IS NULL
        OR known.category LIKE 'Client Connection Defaults%'
        OR known.category LIKE 'Version and Platform Compatibility%')
