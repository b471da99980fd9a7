"""What the application keeps in its temporary schema is never run with the rights of the schema's owner."""

from collections.abc import Iterator

import pytest

from tests.databases import Database
from tests.trading.desk import Desk

#: Types that functions have variables of, and what the check of such a domain may be handed.
TYPES = ["bytea", "jsonb", "text", "timestamptz", "uuid"]


@pytest.fixture
def desk(fresh_database: Database) -> Iterator[Desk]:
    desk = Desk(fresh_database)
    desk.new_account(kind="house", account_type="live")
    yield desk
    desk.close()


def test_a_domain_of_the_caller_is_no_type_of_a_function(desk: Desk) -> None:
    """A session compiles a function once: first called by the application, then by a fill as the owner."""
    account = desk.new_account(account_type="live")
    order = desk.order(account_id=account)
    desk.run("CREATE TEMPORARY TABLE told (who name)")
    desk.run("GRANT ALL ON pg_temp.told TO PUBLIC")
    for kind in TYPES:
        desk.run(
            f"CREATE FUNCTION pg_temp.tell(value pg_catalog.{kind}) RETURNS boolean LANGUAGE plpgsql AS $$"
            " BEGIN INSERT INTO pg_temp.told VALUES (current_user); RETURN true; END $$"
        )
        desk.run(f"CREATE DOMAIN pg_temp.{kind} AS pg_catalog.{kind} CHECK (pg_temp.tell(VALUE))")
    desk.run("SELECT trade_legs(%s, %s, %s, 1, 1)", account, account, account)
    desk.run("SELECT house_account('USD', false, %s)", account)
    for call in ("post_journal('deposit', 'none', '[]')", "reverse_journal(uuidv7())", "conversion_rate('USD', 'USD')"):
        desk.run(f"DO $$ BEGIN PERFORM {call}; EXCEPTION WHEN OTHERS THEN NULL; END $$")
    filled = desk.run("SELECT * FROM apply_fill(%s, 1.1, 2, 'XOFF', 'one', commission => 5)", order)
    assert filled["journal_id"]
    desk.run("SELECT * FROM bust_trade(%s, 'wrong', 'Ann')", filled["trade_ids"][0])
    assert "trading_owner" not in {row["who"] for row in desk.rows("SELECT who FROM pg_temp.told")}
