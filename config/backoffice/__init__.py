"""Building blocks of the back office."""
