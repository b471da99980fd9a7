SELECT rolname AS name,
       NULL AS part_of,
       NULL AS leaf_of,
       NULL AS sql,
       jsonb_build_object('LOGIN', rolcanlogin, 'SUPERUSER', rolsuper, 'CREATEDB', rolcreatedb,
                          'CREATEROLE', rolcreaterole, 'REPLICATION', rolreplication, 'BYPASSRLS', rolbypassrls,
                          'INHERIT', rolinherit) AS facts
  FROM pg_roles
 WHERE rolname = ANY (:roles)
