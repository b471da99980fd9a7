"""Eight writers at once, with rollbacks and savepoints: no change is missing, none is there twice, none waits.

AUDIT_CHANGES says how many changes (8,000; a long run takes 500,000).
"""

import os
import random
import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests import databases
from tests.databases import Database

WRITERS = 8
CHANGES = int(os.environ.get("AUDIT_CHANGES", "8000"))
ROWS = 40
NEW = "(scenario_name, scenario_type, market_shocks)"

#: An old value that is not the new one of the change before, per row, life and column.
BREAKS = """
    SELECT record_id, id, name, before, old FROM (
      SELECT record_id, id, name, old, lag(new) OVER (PARTITION BY record_id, name ORDER BY id) AS before
        FROM (SELECT record_id, log.id, key AS name, value -> 0 AS old, value -> 1 AS new
                FROM audit_log AS log CROSS JOIN jsonb_each(changes::jsonb)
               WHERE table_name = 'stress_test_scenarios' AND action = 'UPDATE') AS changed) AS followed
     WHERE before IS NOT NULL AND old IS DISTINCT FROM before
"""

#: A row that is there although it was deleted last, or the reverse, or has a value other than the newest in the log.
STRAYS = """
    SELECT coalesce(t.id, record_id) FROM stress_test_scenarios AS t FULL JOIN (
      SELECT DISTINCT ON (record_id) record_id, action FROM audit_log
       WHERE table_name = 'stress_test_scenarios' ORDER BY record_id, id DESC) AS newest ON record_id = t.id
     WHERE (action = 'DELETE') IS DISTINCT FROM (t.id IS NULL)
     UNION ALL
    SELECT t.id FROM stress_test_scenarios AS t JOIN (
      SELECT DISTINCT ON (record_id, key) record_id, key, value -> 1 AS value
        FROM audit_log AS log CROSS JOIN jsonb_each(changes::jsonb)
       WHERE table_name = 'stress_test_scenarios' AND action = 'UPDATE' ORDER BY record_id, key, log.id DESC) AS newest
        ON record_id = t.id
     WHERE to_jsonb(t) -> key IS DISTINCT FROM value
"""


class Writer:
    """Writes at random and counts what was committed. Rows are locked in the order of their names."""

    def __init__(self, database: Database, number: int) -> None:
        self.number, self.dice = number, random.Random(number)
        self.connection = psycopg.connect(**databases.login(database.name), autocommit=True)
        self.committed = 0
        self.made = 0

    def run(self) -> None:
        while self.committed < CHANGES / WRITERS:
            changes = 0
            is_kept = self.dice.random() < 0.85
            with self.connection.transaction(force_rollback=not is_kept):
                for name in sorted(self.dice.sample(range(1, ROWS + 1), self.dice.randrange(1, 4))):
                    changes += self._write(name)
            self.committed += changes if is_kept else 0
        self.connection.close()

    def _write(self, name: int) -> int:
        roll = self.dice.random()
        if roll < 0.5:
            return self._update(f"scenario_name = 'row {name}'")
        if roll < 0.6:
            with self.connection.transaction(force_rollback=True):
                self._update(f"scenario_name = 'row {name}'")
            return 0
        if roll < 0.7:
            return self._update(f"scenario_name = 'mine {self.number} {self.dice.randrange(self.made + 1)}'")
        if roll < 0.8:
            self.made += 1
            statement = f"INSERT INTO stress_test_scenarios {NEW} VALUES (%s, 'custom', %s)"
            self.connection.execute(statement, [f"mine {self.number} {self.made}", '{"spread": 1}'])
            return 1
        if roll < 0.85:
            mine = f"mine {self.number} {self.dice.randrange(self.made + 1)}"
            delete = "DELETE FROM stress_test_scenarios WHERE scenario_name = %s"
            return self.connection.execute(delete, [mine]).rowcount
        if roll < 0.9:
            # Changes nothing.
            same = "UPDATE stress_test_scenarios SET is_active = is_active WHERE scenario_name = %s"
            self.connection.execute(same, [f"row {name}"])
            return 0
        return self._update(f"scenario_name LIKE 'mine {self.number} %'")

    def _update(self, rows: str) -> int:
        return self.connection.execute(
            "UPDATE stress_test_scenarios SET description = md5(description || random()), is_active = NOT is_active"
            f" WHERE {rows}"
        ).rowcount


@pytest.fixture
def filled(fresh_database: Database) -> Database:
    rows = "SELECT 'row ' || n, 'custom', '{\"spread\": 1}' FROM generate_series(1, %s) AS n"
    fresh_database.rows(f"INSERT INTO stress_test_scenarios {NEW} {rows}", [ROWS], owner=False)
    return fresh_database


def test_every_committed_change_is_logged_once_and_follows_the_one_before(filled: Database) -> None:
    before = filled.rows("SELECT count(*) AS n FROM audit_log")[0]["n"]
    writers = [Writer(filled, number) for number in range(WRITERS)]
    failures: list[BaseException] = []

    def guarded(run: Callable[[], None]) -> None:
        try:
            run()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=[writer.run]) for writer in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    logged = filled.rows("SELECT count(*) AS n FROM audit_log")[0]["n"] - before
    assert logged == sum(writer.committed for writer in writers)
    assert filled.rows(BREAKS) == []
    assert filled.rows(STRAYS) == []


def test_an_audited_statement_takes_no_lock_that_others_wait_for(filled: Database) -> None:
    with filled.connect() as one, filled.connect() as other:
        one.execute("BEGIN")
        one.execute("UPDATE stress_test_scenarios SET description = 'one' WHERE scenario_name = 'row 1'")
        locks: Any = one.execute(
            "SELECT DISTINCT locktype, mode FROM pg_locks"
            " WHERE pid = pg_backend_pid() AND locktype NOT IN ('virtualxid', 'transactionid')"
        ).fetchall()
        assert {(lock["locktype"], lock["mode"]) for lock in locks} <= {
            ("relation", "AccessShareLock"),
            ("relation", "RowExclusiveLock"),
        }
        other.execute("SET lock_timeout = '200ms'")
        other.execute("UPDATE stress_test_scenarios SET description = 'other' WHERE scenario_name = 'row 2'")
        one.execute("COMMIT")
