"""Running the database: migrate, seed, import, back up, watch."""
