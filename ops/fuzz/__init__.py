"""Random writes to every table, as the application: what the database accepts must leave the books sound."""
