"""Two runs of what must not run twice."""

import pytest

from config.commands import Failed, Locked
from config.database.locks import exclusive, lock_key
from config.database.owner import connected_as_owner
from tests.databases import Database


def test_second_run_is_refused_and_told_who_runs(live_database: Database) -> None:
    with (
        exclusive("reports", what="Another report") as holder,
        pytest.raises(Locked, match=f"^Another report is running \\(process {holder.info.backend_pid} of this host"),
        exclusive("reports", what="Another report"),
    ):
        pass


def test_who_could_not_run_it_is_no_other_run(live_database: Database) -> None:
    """The application may take any advisory lock: the sealer would never run, and nobody be told."""
    with live_database.connect() as application:
        application.execute("SELECT pg_advisory_lock(%s)", [lock_key("reports")])
        with (
            connected_as_owner(),
            pytest.raises(Failed, match="trading_backend") as raised,
            exclusive("reports", what="Another report"),
        ):
            pass
    assert raised.value.returncode == 1


def test_lock_ends_with_its_block(live_database: Database) -> None:
    for _ in range(2):
        with exclusive("reports", what="Another report"):
            pass


def test_another_name_is_another_lock(live_database: Database) -> None:
    with exclusive("reports", what="Another report"), exclusive("exports", what="Another export"):
        pass


def test_key_is_a_signed_bigint() -> None:
    assert lock_key("migrate") == int.from_bytes(bytes.fromhex("3bc801a33ea83df4"), signed=True)
