SELECT format('%s in %s', member::regrole, roleid::regrole) AS name,
       NULL AS part_of,
       NULL AS leaf_of,
       format('GRANT %s TO %s', roleid::regrole, member::regrole) AS sql,
       jsonb_build_object('admin', bool_or(admin_option)) AS facts
  FROM pg_auth_members
 WHERE member::regrole::text = ANY (:roles)
 GROUP BY member, roleid
