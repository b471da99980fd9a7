-- Extensions stay: they belong to the database, other schemas may use them, and a dump restores them first.
SELECT 1;
