DROP FUNCTION abandon_split(regclass);
DROP FUNCTION swap_catch_all(regclass);
DROP FUNCTION mirror_catch_all(regclass);
DROP FUNCTION stage_split(regclass, text[], timestamptz[]);
DROP FUNCTION written_columns(regclass, text);
DROP FUNCTION mirror_row();
