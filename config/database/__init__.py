"""What every table is built on: the server, roles, field types, triggers, migration operations, partitions."""
