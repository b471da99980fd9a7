"""`verify_books`: sound books pass, and whatever breaks them behind the database's back is found and named."""

import json

import pytest
from django.db import connection, transaction

from accounts.choices import CashRequestType
from accounts.invariants import INVARIANTS
from accounts.services import approve_cash, request_cash, reverse_journal
from audit.models import SystemEvent
from ops.seeding.seed import seed_small_broker
from ops.verification.books import Report, verify_books
from tests.databases import Database
from tests.rows import accounts as rows

#: Takes away what would refuse the damage.
UNGUARD = """
    DO $$
    DECLARE
      guard record;
    BEGIN
      FOR guard IN
        SELECT conname, conrelid::regclass AS home FROM pg_constraint
         WHERE contype IN ('f', 'c') AND conrelid = ANY (
           ARRAY['accounts', 'account_transactions', 'journals', 'cash_requests', 'account_audit']::regclass[])
      LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', guard.home, guard.conname);
      END LOOP;
      ALTER TABLE accounts DISABLE TRIGGER USER;
      ALTER TABLE account_transactions DISABLE TRIGGER USER;
      ALTER TABLE journals DISABLE TRIGGER USER;
      ALTER TABLE cash_requests DISABLE TRIGGER USER;
      ALTER TABLE account_audit DISABLE TRIGGER USER;
    END
    $$
"""

#: (invariant, damage: a statement that returns the id of the row to be named)
DAMAGE: list[tuple[str, str, str]] = [
    (
        "ledger_chain",
        "an entry made larger",
        "UPDATE account_transactions SET amount = amount + 1 WHERE seq = 2 AND account_id = %(client)s RETURNING id",
    ),
    (
        "ledger_chain",
        "a balance before that nobody had",
        "UPDATE account_transactions SET balance_before = balance_before + 1, balance_after = balance_after + 1"
        " WHERE seq = 2 AND account_id = %(client)s RETURNING id",
    ),
    (
        "ledger_chain",
        "an entry taken out of the middle",
        "WITH gone AS (DELETE FROM account_transactions WHERE seq = 2 AND account_id = %(client)s)"
        " SELECT id FROM account_transactions WHERE seq = 3 AND account_id = %(client)s",
    ),
    (
        "ledger_currency",
        "an entry in another currency",
        "UPDATE account_transactions SET currency = 'EUR' WHERE seq = 2 AND account_id = %(client)s RETURNING id",
    ),
    (
        "account_head",
        "a balance typed in",
        "UPDATE accounts SET balance = 1000000 WHERE id = %(client)s RETURNING id",
    ),
    (
        "account_head",
        "the latest entry cut off",
        "WITH gone AS (DELETE FROM account_transactions WHERE seq = 3 AND account_id = %(client)s)"
        " SELECT id FROM accounts WHERE id = %(client)s",
    ),
    (
        "account_valuation",
        "an equity typed in",
        "UPDATE accounts SET equity = equity + 1, margin_available = margin_available + 1 WHERE id = %(client)s"
        " RETURNING id",
    ),
    (
        "account_valuation",
        "a margin that takes nothing away",
        "UPDATE accounts SET margin_used = margin_used + 1 WHERE id = %(client)s RETURNING id",
    ),
    (
        "journal_zero_sum",
        "money from nowhere",
        "INSERT INTO account_transactions (journal_id, account_id, currency, seq, transaction_type, amount,"
        " balance_before, balance_after) SELECT %(journal)s, id, currency, last_seq + 1, 'deposit', 5, balance,"
        " balance + 5 FROM accounts WHERE id = %(client)s RETURNING journal_id",
    ),
    (
        "journal_entries",
        "a journal of nothing",
        "INSERT INTO journals (kind, idempotency_key) VALUES ('deposit', 'nothing') RETURNING id",
    ),
    (
        "journal_reversal",
        "a reversal of something else",
        "UPDATE journals SET reversal_of_id = %(journal)s WHERE kind = 'reversal' RETURNING id",
    ),
    (
        "cash_request_booked",
        "a request with another amount",
        "UPDATE cash_requests SET amount = amount * 10 WHERE status = 'completed' RETURNING id",
    ),
    (
        "cash_request_booked",
        "a request that its maker approved",
        "UPDATE cash_requests SET approved_by_id = requested_by_id WHERE status = 'completed' RETURNING id",
    ),
    (
        "cash_request_booked",
        "a request that another one's money stands for",
        "UPDATE account_transactions SET reference_id = gen_random_uuid() FROM cash_requests"
        " WHERE cash_requests.id = reference_id AND account_transactions.account_id = %(client)s"
        " RETURNING cash_requests.id",
    ),
    (
        "account_events",
        "an event taken out",
        "WITH gone AS (DELETE FROM account_audit WHERE seq = 2 AND account_id = %(client)s)"
        " SELECT id FROM account_audit WHERE seq = 3 AND account_id = %(client)s",
    ),
]


class Books:
    """Sound ones, with a journal, a reversal, a completed request and a history of events."""

    def __init__(self, database: Database) -> None:
        self.database = database
        with transaction.atomic():
            client, house = rows.account(account_type="live"), rows.house()
            rows.currency("EUR")
            journal = rows.journal((client, 100), (house, -100))
            reverse_journal(journal=rows.journal((client, 7), (house, -7)).pk)
            request = request_cash(
                account=client,
                request_type=CashRequestType.DEPOSIT,
                amount=50,
                requested_by=rows.user(),  # type: ignore[arg-type]
            )
            approve_cash(request=request, approved_by=rows.user())
            for leverage in (2, 3):
                client.leverage = leverage
                client.save()
        self.ids = {"client": client.pk, "house": house.pk, "journal": journal.pk}
        self.client, self.house = client, house

    def damage(self, statement: str) -> str:
        """Do it as the owner, unguarded; return the id of the row that is to be named."""
        with self.database.connect(owner=True) as owner:
            owner.execute(UNGUARD)
            row = owner.execute(statement, self.ids).fetchone()  # type: ignore[call-overload]
        return str(next(iter(row.values())))


@pytest.fixture
def books(live_database: Database) -> Books:
    return Books(live_database)


def found(report: Report, name: str) -> list[str]:
    return [key for finding in report.findings if finding.invariant.name == name for key, _ in finding.rows]


def test_sound_books_pass(books: Books) -> None:
    seed_small_broker()
    report = verify_books()
    assert [finding for finding in report.findings if finding.broken] == []
    assert {finding.invariant.name for finding in report.findings} >= {name for name, _, _ in DAMAGE}


@pytest.mark.parametrize(("name", "what", "statement"), DAMAGE, ids=[what for _, what, _ in DAMAGE])
def test_damage_is_found_and_its_row_is_named(books: Books, name: str, what: str, statement: str) -> None:
    assert verify_books().broken == 0
    broken = books.damage(statement)
    lately = verify_books(incremental=True)
    assert lately.since is not None
    # What was taken out leaves nothing new to be checked: only a whole run is sure to find it.
    if not statement.startswith("WITH gone"):
        assert broken in found(lately, name)
    assert broken in found(verify_books(), name)


def test_every_invariant_of_the_ledger_is_tried() -> None:
    assert {invariant.name for invariant in INVARIANTS} == {name for name, _, _ in DAMAGE}


def test_a_run_goes_on_where_the_last_good_one_ended(books: Books) -> None:
    assert verify_books(incremental=True).since is None
    first = verify_books(incremental=True).since
    assert first is not None
    broken = books.damage(
        "UPDATE account_transactions SET amount = amount + 1 WHERE seq = 1 AND account_id = %(client)s RETURNING id"
    )
    for _ in range(2):
        report = verify_books(incremental=True)
        assert found(report, "ledger_chain") == [broken]
        assert report.since is not None
        assert report.since >= first
    events = SystemEvent.objects.filter(service="verify_books").order_by("id").values_list("severity", "details")
    assert [severity for severity, _ in events] == ["info", "info", "critical", "critical"]
    assert ["point" in details for _, details in events] == [True, True, False, False]


def test_what_commits_late_is_checked_by_the_next_run(books: Books) -> None:
    """Its keys are older than those that the run before has seen."""
    with books.database.connect(owner=True) as owner:
        owner.execute(UNGUARD)
    with books.database.connect(autocommit=False) as late:
        [journal] = late.execute(
            "INSERT INTO journals (kind, idempotency_key) VALUES ('deposit', 'late') RETURNING id"
        ).fetchall()
        with transaction.atomic():
            made = rows.journal((books.client, 1), (books.house, -1))
        connection.close()
        with books.database.connect(owner=True) as owner:
            owner.execute(
                "UPDATE accounts SET balance = balance_after, equity = balance_after, margin_available = balance_after,"
                " last_seq = seq FROM (SELECT DISTINCT ON (account_id)"
                " account_id, seq, balance_after FROM account_transactions ORDER BY account_id, seq DESC) AS entry"
                " WHERE account_id = accounts.id"
            )
        assert made.pk > journal["id"]
        assert verify_books().broken == 0
        late.commit()
    assert found(verify_books(incremental=True), "journal_entries") == [str(journal["id"])]


def test_the_command_names_rules_and_rows_and_exits_with_4(books: Books) -> None:
    connection.close()
    good = books.database.manage("verify_books", "--json")
    assert good.returncode == 0, good.stderr
    result = json.loads(good.stdout)
    assert (result["broken"], result["incremental"]) == (0, False)
    books.damage(
        "UPDATE accounts SET balance = balance + 1, equity = equity + 1, margin_available = margin_available + 1"
        " RETURNING id"
    )
    bad = books.database.manage("verify_books", "--json", "--limit", "1")
    assert bad.returncode == 4
    assert "The books do not hold: 2 broken rows." in bad.stderr
    [rule] = [rule for rule in json.loads(bad.stdout)["rules"] if rule["broken"]]
    assert (rule["name"], rule["broken"], len(rule["rows"])) == ("account_head", 2, 1)
    assert "its ledger has" in rule["rows"][0]["problem"]
    text = books.database.manage("verify_books", "--incremental")
    assert text.returncode == 4
    assert text.stdout.count("after entry") == 4
    assert books.database.manage("verify_books", "--limit", "0").returncode == 2
