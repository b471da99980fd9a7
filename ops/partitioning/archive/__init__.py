"""Periods as files: Parquet with its manifest, compared with the table by a hash of its rows."""
