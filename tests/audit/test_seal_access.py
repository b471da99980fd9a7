"""Who writes what is sealed does not write seals."""

from typing import Any

import pytest
from django.db import DatabaseError, transaction


@pytest.mark.parametrize("table", ["audit_seals", "audit_seal_chunks", "audit_row_hashes"])
def test_the_application_writes_no_seal(sql: Any, table: str) -> None:
    for statement in (f"INSERT INTO {table} DEFAULT VALUES", f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            sql(statement)


def test_the_application_does_not_count_transactions_anew(sql: Any) -> None:
    with pytest.raises(DatabaseError, match=r"permission denied|must be owner"), transaction.atomic():
        sql("CREATE OR REPLACE FUNCTION transaction_number() RETURNS bigint LANGUAGE sql STABLE RETURN 5::bigint")
