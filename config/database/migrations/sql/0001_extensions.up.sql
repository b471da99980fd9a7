-- Trusted extensions: the owner of the database may create them.
CREATE EXTENSION IF NOT EXISTS btree_gist;  -- EXCLUDE on (key WITH =, period WITH &&)
CREATE EXTENSION IF NOT EXISTS pg_trgm;     -- substring search in the back office
