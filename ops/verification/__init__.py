"""Checks of the whole database, by commands."""
