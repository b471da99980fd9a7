"""Test data: a small broker to try everything on, and large databases to measure with."""
