DROP FUNCTION refresh_statistics(regclass);
DROP FUNCTION add_catch_all_partition(regclass);
DROP FUNCTION ensure_partitions(regclass, text, timestamptz, timestamptz);
DROP FUNCTION add_partition(regclass, text, text);
DROP FUNCTION catch_all_lower_bound(regclass);
