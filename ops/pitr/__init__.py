"""Point-in-time recovery by PostgreSQL's own programs: base backups, and the log of all changes since.

`stream` runs pg_receivewal, `base` pg_basebackup, pg_verifybackup and pg_combinebackup; `recover` puts a data folder
together that PostgreSQL itself replays. Nothing here reads or writes the log's contents.
"""
