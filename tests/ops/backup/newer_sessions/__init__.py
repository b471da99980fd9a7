"""The migrations of an app as newer code has them: one more than the database knows."""
