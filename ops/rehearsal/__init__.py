"""Pending migrations, tried on a throwaway clone: which locks, which rewrites, how long others would wait."""

from ops.rehearsal.rehearse import Rehearsal, rehearse

__all__ = ["Rehearsal", "rehearse"]
