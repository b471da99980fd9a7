"""What a migration must not do, beside what squawk finds in its SQL."""
