SELECT evtname AS name,
       NULL AS part_of,
       NULL AS leaf_of,
       NULL AS sql,
       jsonb_build_object('event', evtevent, 'function', evtfoid::regproc::text,
                          'tags', array_to_string(evttags, ', '), 'enabled', evtenabled,
                          'owner', evtowner::regrole::text) AS facts
  FROM pg_event_trigger e
 WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_event_trigger'::regclass AND m.objid = e.oid)
