"""A hash is the row's, whether it is computed from the table or from what the log remembers."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from audit.capture.columns import read, row_hash, written
from audit.capture.triggers import AuditTrigger, audited_models
from audit.sealing.row_hashes import write_row_hashes
from tests.rows import accounts, liquidity, risk, trading

Sql = Callable[..., list[dict[str, Any]]]

BUILDERS: dict[str, Callable[[], Any]] = {
    "accounts": accounts.account,
    "api_keys": accounts.api_key,
    "cash_requests": accounts.cash_request,
    "circuit_breakers": risk.circuit_breaker,
    "client_classifications": accounts.client_classification,
    "client_identities": accounts.client_identity,
    "client_profiles": liquidity.client_profile,
    "corporate_actions": trading.corporate_action,
    "fee_schedules": trading.fee_schedule,
    "instruments": trading.instrument,
    "leverage_caps": risk.leverage_cap,
    "liquidity_providers": liquidity.liquidity_provider,
    "lp_instruments": liquidity.lp_instrument,
    "margin_calls": risk.margin_call,
    "margin_rates": risk.margin_rate,
    "orders": trading.order,
    "positions": trading.position,
    "risk_limits": risk.risk_limit,
    "sor_rules": liquidity.sor_rule,
    "stress_test_scenarios": risk.stress_test_scenario,
    "user_roles": accounts.role,
    "users": accounts.user,
}
NOT_DELETED = {"accounts", "cash_requests", "instruments", "liquidity_providers", "orders", "positions", "users"}

COVERED = "SELECT columns FROM audit_layouts WHERE table_name = %s"
WRITTEN = """
    SELECT substr(hashes, 32 * n + 1, 32) AS hash
      FROM audit_row_hashes CROSS JOIN generate_series(0, length(keys) / 16 - 1) AS n
     WHERE table_name = %s AND substr(keys, 16 * n + 1, 16) = uuid_send(%s) ORDER BY id DESC LIMIT 1
"""


def sealed_hash(sql: Sql, table: str, key: Any) -> bytes:
    """What the sealer writes of the row as it is now."""
    with connection.cursor() as cursor:
        write_row_hashes(cursor, 0, 2**62)
    [newest] = sql(WRITTEN, [table, key])
    return bytes(newest["hash"])


def test_every_audited_table_is_tried() -> None:
    assert audited_models().keys() == BUILDERS.keys()


@pytest.mark.usefixtures("as_owner")
@pytest.mark.parametrize("table", BUILDERS)
def test_the_sealed_hash_is_that_of_the_row_in_the_table(table: str, sql: Sql) -> None:
    key = BUILDERS[table]().pk
    [covered] = sql(COVERED, [table])
    [live] = sql(f"SELECT {row_hash(covered['columns'], 't')} AS hash FROM {table} AS t WHERE id = %s", [key])
    assert bytes(live["hash"]) == sealed_hash(sql, table, key)


@pytest.mark.usefixtures("as_owner")
@pytest.mark.parametrize("table", sorted(BUILDERS.keys() - NOT_DELETED))
def test_a_deleted_row_is_in_the_log_to_the_byte(table: str, sql: Sql) -> None:
    key = BUILDERS[table]().pk
    before = sealed_hash(sql, table, key)
    [covered] = sql(COVERED, [table])
    sql(f"DELETE FROM {table} WHERE id = %s", [key])
    [restored] = sql(
        f"SELECT {row_hash(covered['columns'], 't')} AS hash"
        f" FROM audit_log CROSS JOIN jsonb_populate_record(NULL::{table}, changes::jsonb) AS t"
        " WHERE table_name = %s AND record_id = %s AND audit_log.action = 'DELETE'",
        [table, key],
    )
    assert bytes(restored["hash"]) == before


@pytest.mark.usefixtures("as_owner")
def test_the_hash_depends_on_no_setting_of_the_session(sql: Sql) -> None:
    key = trading.fee_schedule().pk
    before = sealed_hash(sql, "fee_schedules", key)
    [covered] = sql(COVERED, ["fee_schedules"])
    sql("SET LOCAL TimeZone = 'Asia/Tokyo'; SET LOCAL DateStyle = 'German'; SET LOCAL extra_float_digits = 0")
    query = f"SELECT {row_hash(covered['columns'], 't')} AS hash FROM fee_schedules AS t WHERE id = %s"
    assert bytes(sql(query, [key])[0]["hash"]) == before


def test_every_audited_column_is_covered_but_for_secrets_and_what_follows_from_others(sql: Sql) -> None:
    left_out = {
        table: {row["name"] for row in sql(COLUMNS, [table])} - set(newest["columns"])
        for table, newest in ((row["table_name"], row) for row in sql("SELECT * FROM audit_layouts"))
    }
    assert left_out == {
        **{table: {"updated_at"} for table in BUILDERS},
        "accounts": {"updated_at", "head_seq"},
        "api_keys": {"updated_at", "key_hash"},
        "client_identities": {"updated_at", "national_id"},
        "circuit_breakers": {"updated_at", "account_id", "instrument_id"},
        "margin_calls": {"updated_at", "shortfall"},
        "risk_limits": {"updated_at", "account_id", "instrument_id", "user_id"},
        "liquidity_providers": {"updated_at", "api_key", "api_secret"},
        "orders": {"updated_at", "remaining_quantity", "average_fill_price"},
        "positions": {"updated_at", "head_seq"},
        "users": {"updated_at", "password_hash", "two_factor_secret"},
    }


COLUMNS = """
    SELECT attname AS name FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
"""


def test_columns_are_read_as_they_are_written() -> None:
    texts = {
        trigger.compile(model).sql.kwargs["columns"]
        for model in audited_models().values()
        for trigger in model._meta.triggers
        if isinstance(trigger, AuditTrigger)
    } - {""}
    assert len(texts) == len(BUILDERS)
    assert all(written(read(text)) == text for text in texts)
