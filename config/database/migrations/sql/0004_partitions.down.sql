DROP FUNCTION refresh_statistics(regclass);
DROP FUNCTION add_catch_all_partition(regclass);
DROP FUNCTION ensure_partitions(regclass, text, timestamptz, timestamptz);
DROP FUNCTION attach_periods(regclass, text[], timestamptz[], interval);
DROP FUNCTION attach_partition(regclass, text, timestamptz, timestamptz);
DROP FUNCTION build_partition(regclass, text, timestamptz, timestamptz);
DROP FUNCTION partition_key(regclass);
DROP FUNCTION partitions_of(regclass);
DROP FUNCTION catch_all_lower_bound(regclass);
