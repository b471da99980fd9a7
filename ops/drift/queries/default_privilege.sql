SELECT format('%s on %s made by %s%s', CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
              CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions'
                                   WHEN 'T' THEN 'types' ELSE 'schemas' END,
              d.defaclrole::regrole, ' in ' || nullif(d.defaclnamespace, 0)::regnamespace) AS name,
       NULL AS part_of,
       NULL AS leaf_of,
       NULL AS sql,
       jsonb_build_object('privileges', string_agg(a.privilege_type || CASE WHEN a.is_grantable THEN '*' ELSE '' END,
                                                   ', ' ORDER BY a.privilege_type)) AS facts
  FROM pg_default_acl d, aclexplode(d.defaclacl) a
 GROUP BY 1
