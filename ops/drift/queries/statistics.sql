SELECT s.stxname AS name,
       r.relname AS part_of,
       NULL AS leaf_of,
       pg_get_statisticsobjdef(s.oid) AS sql,
       jsonb_build_object('definition', pg_get_statisticsobjdef(s.oid), 'target', nullif(s.stxstattarget, -1),
                          'owner', s.stxowner::regrole::text,
                          'comment', obj_description(s.oid, 'pg_statistic_ext')) AS facts
  FROM relation r
  JOIN pg_statistic_ext s ON s.stxrelid = r.oid
