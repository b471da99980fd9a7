"""What the database is, against what the migrations make of an empty one.

`check()` compares the database in use with the reference; `compare()` any connection with it; `read_catalog()` and
`differences()` are the two halves of that, for whoever has two databases.
"""

from ops.drift.catalog import Catalog, read_catalog
from ops.drift.check import Report, check, compare
from ops.drift.differences import Difference, differences
from ops.drift.reference import Reference, reference

__all__ = [
    "Catalog",
    "Difference",
    "Reference",
    "Report",
    "check",
    "compare",
    "differences",
    "read_catalog",
    "reference",
]
