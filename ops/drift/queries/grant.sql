-- Rights by object and grantee; an asterisk is the right to pass it on. What was never granted has PostgreSQL's defaults.
, object (kind, name, part_of, leaf_of, owner, acl) AS (
  SELECT CASE relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialised view' ELSE 'table' END,
         relname::text, relname::text, leaf_of, relowner,
         coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner))
    FROM relation WHERE relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
  UNION ALL
  SELECT 'column', c.name, CASE WHEN r.leaf_of IS NULL THEN c.name ELSE r.relname END, r.leaf_of, r.relowner, a.attacl
    FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid AND NOT a.attisdropped AND a.attacl IS NOT NULL,
         concat(r.relname, '.', a.attname) c (name)
  UNION ALL
  SELECT 'function', s.signature, s.signature, NULL, proowner,
         coalesce(proacl, acldefault('f', proowner))
    FROM pg_proc p JOIN home ON home.oid = pronamespace,
         format('%s(%s)', proname, pg_get_function_identity_arguments(p.oid)) s (signature)
   WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_proc'::regclass AND m.objid = p.oid)
  UNION ALL
  SELECT 'type', typname, typname, NULL, typowner, coalesce(typacl, acldefault('T', typowner))
    FROM pg_type t JOIN home ON home.oid = typnamespace
   WHERE typrelid = 0 AND typtype IN ('e', 'd', 'r')
     AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_type'::regclass AND m.objid = t.oid)
  UNION ALL
  SELECT 'schema', n.nspname, NULL, NULL, nspowner, coalesce(nspacl, acldefault('n', nspowner))
    FROM pg_namespace n JOIN home USING (oid)
), granted AS (
  SELECT o.kind, o.name, o.part_of, o.leaf_of,
         CASE WHEN a.grantee = 0 THEN 'PUBLIC'
              WHEN a.grantee IN (o.owner, (SELECT datdba FROM pg_database WHERE datname = current_database())) THEN 'owner'
              ELSE a.grantee::regrole::text END AS grantee,
         a.privilege_type || CASE WHEN a.is_grantable THEN '*' ELSE '' END AS privilege
    FROM object o, aclexplode(o.acl) a
  UNION ALL
  -- Who may connect is the operator's decision; who may make schemas is not.
  SELECT 'database', '', NULL, NULL, CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE grantee::regrole::text END, privilege_type
    FROM pg_database, aclexplode(datacl)
   WHERE datname = current_database() AND privilege_type = 'CREATE' AND grantee <> datdba
)
SELECT format('%s on %s', grantee, trim(kind || ' ' || name)) AS name,
       part_of,
       leaf_of,
       NULL AS sql,
       jsonb_build_object('privileges', string_agg(DISTINCT privilege, ', ' ORDER BY privilege)) AS facts
  FROM granted
 GROUP BY kind, name, part_of, leaf_of, grantee
