"""Append-only tables with a row in each: nobody changes it, the owner of the table included."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import connections

from tests import databases
from tests.migrations.schema import APPEND_ONLY, PARTITIONED
from tests.rows import accounts, audit, liquidity, risk, trading

BUILDERS: dict[str, Callable[[], Any]] = {
    "account_audit": accounts.account_event,
    "account_transactions": accounts.account_transaction,
    "api_access_log": audit.api_access,
    # Written with what the others change, and with the schema.
    "audit_contexts": audit.context,
    "audit_layouts": audit.layout,
    "audit_log": audit.change,
    "audit_row_hashes": audit.row_hashes,
    "audit_seal_chunks": audit.seal_chunk,
    "audit_seals": audit.seal,
    "circuit_breaker_events": risk.circuit_breaker_event,
    "compliance_events": audit.compliance_event,
    "instrument_marks": trading.instrument_mark,
    "journals": accounts.journal,
    "legal_holds": audit.legal_hold,
    "lp_quotes": liquidity.lp_quote,
    # Filled by `migrate` when the template was made.
    "migration_steps": lambda: "filled",
    "order_audit": trading.order_event,
    "order_fills": trading.order_fill,
    "partition_departures": audit.partition_departure,
    "portfolio_risk": risk.portfolio_risk,
    "position_audit": trading.position_event,
    "position_risk_metrics": risk.position_risk_metric,
    "risk_events": audit.risk_event,
    "risk_limit_breaches": risk.risk_limit_breach,
    "stress_test_results": risk.stress_test_result,
    "system_events": audit.system_event,
    "trades": trading.trade,
    "user_activity_log": audit.user_activity,
}

STATEMENTS = ["UPDATE {} SET {key} = {key}", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
KEYS = {"audit_contexts": "txid"}


@pytest.fixture(scope="module")
def filled_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[databases.Database]:
    """A migrated database with a row in every append-only table."""
    default = connections["default"]
    with django_db_blocker.unblock(), databases.clone(f"append_only_{os.getpid()}_1") as database:
        default.close()
        before = default.settings_dict["NAME"]
        default.settings_dict["NAME"] = database.name
        try:
            for build in reversed(BUILDERS.values()):
                assert build()
        finally:
            default.close()
            default.settings_dict["NAME"] = before
        yield database


def test_every_append_only_table_is_tried() -> None:
    assert sorted(BUILDERS) == APPEND_ONLY


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_owner_is_refused(statement: str, table: str, filled_database: databases.Database) -> None:
    with filled_database.connect(owner=True) as owner, pytest.raises(psycopg.Error, match="is append-only"):
        owner.execute(statement.format(table, key=KEYS.get(table, "id")))


@pytest.mark.parametrize("table", PARTITIONED)
@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_owner_is_refused_in_a_partition(statement: str, table: str, filled_database: databases.Database) -> None:
    (row,) = filled_database.rows(f"SELECT tableoid::regclass::text AS partition FROM {table} LIMIT 1")
    assert row["partition"] != table
    with filled_database.connect(owner=True) as owner, pytest.raises(psycopg.Error, match="is append-only"):
        owner.execute(statement.format(row["partition"], key=KEYS.get(table, "id")))


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_the_application_has_no_right_to_remove(table: str, filled_database: databases.Database) -> None:
    for statement in ("DELETE FROM {}", "TRUNCATE {}"):
        with filled_database.connect() as application, pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute(statement.format(table))
