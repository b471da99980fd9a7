-- Settings of the administrator that a role may change, as the one that switches all triggers off.
SELECT format('%s on %s', CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END, parname) AS name,
       NULL AS part_of,
       NULL AS leaf_of,
       NULL AS sql,
       jsonb_build_object('privileges', string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type)) AS facts
  FROM pg_parameter_acl, aclexplode(paracl) a
 WHERE a.grantee = 0 OR a.grantee::regrole::text = ANY (:roles)
 GROUP BY a.grantee, parname
