"""The quotes table: its statement trigger, its partitions, its rights."""

import uuid
from datetime import UTC, datetime
from decimal import Decimal

import psycopg
import pytest
from django.db import connection

from liquidity.models import LpQuote
from tests.conftest import Sql
from tests.databases import Database
from tests.rows import liquidity, trading


def test_one_unknown_source_refuses_the_whole_batch(db: None) -> None:
    provider, instrument = liquidity.liquidity_provider(), trading.instrument()
    stranger = uuid.uuid4()
    statement = "COPY lp_quotes (provider_id, instrument_id, quoted_at, bid, ask) FROM STDIN"
    with pytest.raises(psycopg.errors.ForeignKeyViolation) as caught:  # noqa: PT012, SIM117
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for source in [provider.pk, stranger]:
                copy.write_row((source, instrument.pk, datetime.now(UTC), 1, 1))
    assert caught.value.diag.constraint_name == "lp_quotes_provider_id_fk"
    assert f"a quote names the liquidity provider {stranger}, which does not exist" in str(caught.value)
    assert caught.value.diag.message_hint == "Write the provider first."
    connection.needs_rollback = True


def test_deleted_provider_keeps_its_quotes(sql: Sql) -> None:
    quote = liquidity.lp_quote()
    sql("DELETE FROM liquidity_providers WHERE id = %s", [quote.provider_id])
    assert LpQuote.objects.filter(provider_id=quote.provider_id).count() == 1


@pytest.mark.parametrize(
    ("bid", "ask", "spread"),
    [("1", "1", "0"), ("1.0999", "1.1001", "1.8182"), ("0.00000001", "9999999999999999", "20000.0000")],
)
def test_spread_is_in_basis_points_of_the_mid(db: None, bid: str, ask: str, spread: str) -> None:
    quote = liquidity.lp_quote(bid=Decimal(bid), ask=Decimal(ask))
    quote.refresh_from_db()
    assert quote.spread_bps == Decimal(spread)


def test_quote_of_any_time_finds_a_partition(db: None, sql: Sql) -> None:
    quote = liquidity.lp_quote(quoted_at=datetime(2099, 1, 1, tzinfo=UTC))
    (row,) = sql("SELECT tableoid::regclass::text AS leaf FROM lp_quotes WHERE id = %s", [quote.pk])
    assert row["leaf"] == "lp_quotes_catch_all"


def test_owner_cannot_change_quotes_either(live_database: Database) -> None:
    liquidity.lp_quote()
    for statement in ["UPDATE lp_quotes SET is_stale = true", "DELETE FROM lp_quotes", "TRUNCATE lp_quotes"]:
        with pytest.raises(psycopg.errors.RestrictViolation, match="is append-only"):
            live_database.rows(statement)


def test_application_cannot_write_past_the_trigger_into_a_partition(live_database: Database) -> None:
    (leaf,) = live_database.rows(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'lp_quotes'::regclass LIMIT 1"
    )
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        live_database.rows(f"INSERT INTO {leaf['name']} DEFAULT VALUES", owner=False)
