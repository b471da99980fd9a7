"""Backups that were really restored: made under one snapshot, signed, checked byte by byte, proved by a drill.

A backup is a folder: `data/` is PostgreSQL's own directory format (each file encrypted where keys are named), and
`manifest.json` says what was in the database, and what is in each file. It is written under a name that nobody takes
for a backup, and renamed when everything is on the disk.
"""
