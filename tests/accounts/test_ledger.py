"""Money by plain SQL as the application: what would make the books wrong is refused by name."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import IntegrityError, transaction

from accounts.choices import JournalKind, TransactionType
from accounts.models import Account, AccountTransaction, Journal
from accounts.services import Leg, apply_negative_balance_protection, post_journal, reverse_journal, transfer
from tests.databases import Database
from tests.rows import accounts as rows


class Bank:
    """A client with 100 dollars and one with 40, the house, and plain SQL that writes to their ledgers."""

    def __init__(self, sql: Callable[..., Any]) -> None:
        self.sql = sql
        self.client = rows.account(account_number="C1", account_type="live")
        self.other = rows.account(account_number="C2", account_type="live")
        self.euros = rows.account(account_number="C3", account_type="live", currency="EUR")
        self.house = rows.house(account_number="H1")
        self.deposit = self.post("deposit", (self.client, 100), (self.house, -100))
        self.post("deposit", (self.other, 40), (self.house, -40))

    def post(
        self, leg_type: str, *legs: tuple[Account, Any], kind: str = "", key: str = "", reference_type: str = ""
    ) -> UUID:
        return post_journal(
            kind=JournalKind(kind or leg_type),
            idempotency_key=key or str(uuid4()),
            legs=[
                Leg(
                    account=account.pk,
                    type=TransactionType(leg_type),
                    amount=Decimal(amount),
                    reference_type=reference_type,
                    reference_id=uuid4() if reference_type else None,
                )
                for account, amount in legs
            ],
        )

    def journal(self, **columns: Any) -> UUID:
        columns = {"id": uuid4(), "kind": "adjustment", "idempotency_key": uuid4(), **columns}
        names, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
        self.sql(f"INSERT INTO journals ({names}) VALUES ({marks})", [*columns.values()])
        made: UUID = columns["id"]
        return made

    def enter(self, *entries: dict[str, Any], journal: UUID | None = None) -> None:
        """One INSERT; what an entry does not say follows from the head of its account."""
        journal = journal or self.journal()
        heads: dict[UUID, tuple[int, Decimal]] = {}
        values: list[Any] = []
        for entry in entries:
            account = entry["account"]
            account.refresh_from_db(fields=["balance", "last_seq"])
            seq, balance = heads.get(account.pk, (account.last_seq, account.balance))
            seq, before = entry.get("seq", seq + 1), Decimal(entry.get("before", balance))
            after = Decimal(entry.get("after", before + Decimal(entry["amount"])))
            heads[account.pk] = seq, after
            values += [entry.get("journal", journal), account.pk, entry.get("currency", account.currency_id), seq]
            values += [entry.get("type", "adjustment"), entry["amount"], before, after]
        marks = ", ".join(["(%s, %s, %s, %s, %s, %s, %s, %s)"] * len(entries))
        self.sql(
            "INSERT INTO account_transactions (journal_id, account_id, currency, seq, transaction_type, amount,"
            f" balance_before, balance_after) VALUES {marks}",
            values,
        )

    def balance(self, account: Account) -> Decimal:
        account.refresh_from_db()
        return account.balance


@pytest.fixture
def bank(sql: Any) -> Bank:
    return Bank(sql)


def _split(bank: Bank) -> None:
    journal = bank.journal()
    bank.enter({"account": bank.client, "amount": 1}, journal=journal)
    bank.enter({"account": bank.house, "amount": -1}, journal=journal)


#: (rule, what is tried, how)
BAD_WRITES: list[tuple[str, str, Callable[[Bank], Any]]] = [
    (
        "account_transactions_zero_sum",
        "money from nowhere",
        lambda bank: bank.enter({"account": bank.client, "amount": 100}),
    ),
    (
        "account_transactions_zero_sum",
        "a hundred-millionth from nowhere",
        lambda bank: bank.enter(
            {"account": bank.client, "amount": "1.00000001"}, {"account": bank.house, "amount": "-1"}
        ),
    ),
    (
        "account_transactions_zero_sum",
        "dollars for euros",
        lambda bank: bank.enter({"account": bank.euros, "amount": 5}, {"account": bank.house, "amount": -5}),
    ),
    (
        "account_transactions_zero_sum",
        "two journals that balance only together",
        lambda bank: bank.enter(
            {"account": bank.client, "amount": 5, "journal": bank.journal()}, {"account": bank.house, "amount": -5}
        ),
    ),
    ("account_transactions_zero_sum", "a journal in two statements", _split),
    (
        "account_transactions_posted_together",
        "an addition to an older journal",
        lambda bank: bank.enter(
            {"account": bank.client, "amount": 5}, {"account": bank.house, "amount": -5}, journal=bank.deposit
        ),
    ),
    (
        "account_transactions_chain_fk",
        "a gap",
        lambda bank: bank.enter({"account": bank.client, "amount": 5, "seq": 3}, {"account": bank.house, "amount": -5}),
    ),
    (
        "account_transactions_chain_fk",
        "a balance before that is not the one after the last entry",
        lambda bank: bank.enter(
            {"account": bank.client, "amount": 5, "before": 1000}, {"account": bank.house, "amount": -5}
        ),
    ),
    (
        "account_transactions_account_seq_uniq",
        "a second ledger beside the first",
        lambda bank: bank.enter(
            {"account": bank.client, "amount": 5, "seq": 1, "before": 0}, {"account": bank.house, "amount": -5}
        ),
    ),
    (
        "account_transactions_balance_after_check",
        "a sum that is none",
        lambda bank: bank.enter(
            {"account": bank.client, "amount": 5, "after": 5000}, {"account": bank.house, "amount": -5}
        ),
    ),
    (
        "account_transactions_account_currency_fk",
        "another currency than the account's",
        lambda bank: bank.enter(
            {"account": bank.client, "amount": 5, "currency": "EUR"},
            {"account": bank.house, "amount": -5, "currency": "EUR"},
        ),
    ),
    (
        "account_transactions_no_overdraft",
        "a withdrawal of more than there is",
        lambda bank: bank.enter(
            {"account": bank.client, "amount": "-100.00000001", "type": "withdrawal"},
            {"account": bank.house, "amount": "100.00000001", "type": "withdrawal"},
        ),
    ),
    (
        "account_transactions_no_overdraft",
        "a withdrawal hidden behind a deposit",
        lambda bank: bank.enter(
            {"account": bank.client, "amount": -150, "type": "withdrawal"},
            {"account": bank.client, "amount": 150, "type": "deposit"},
            {"account": bank.house, "amount": -1},
            {"account": bank.house, "amount": 1},
        ),
    ),
    (
        "account_transactions_no_overdraft",
        "a transfer of more than there is",
        lambda bank: bank.post("transfer", (bank.client, -101), (bank.other, 101)),
    ),
    (
        "account_transactions_no_overdraft",
        "a debit of more than there is",
        lambda bank: bank.post("debit", (bank.client, -101), (bank.house, 101), kind="adjustment"),
    ),
    ("journals_has_entries", "a journal without entries", lambda bank: bank.journal()),
    (
        "journals_reversal_mirrors",
        "a reversal of half",
        lambda bank: bank.enter(
            {"account": bank.client, "amount": -50, "type": "deposit"},
            {"account": bank.house, "amount": 50, "type": "deposit"},
            journal=bank.journal(kind="reversal", reversal_of_id=bank.deposit),
        ),
    ),
    (
        "journals_reversal_mirrors",
        "a reversal on another account",
        lambda bank: bank.enter(
            {"account": bank.other, "amount": -40, "type": "deposit"},
            {"account": bank.house, "amount": 40, "type": "deposit"},
            journal=bank.journal(kind="reversal", reversal_of_id=bank.deposit),
        ),
    ),
    (
        "permission denied",
        "a balance typed in",
        lambda bank: bank.sql("UPDATE accounts SET balance = 1000000 WHERE id = %s", [bank.client.pk]),
    ),
    (
        "permission denied",
        "a head set back",
        lambda bank: bank.sql("UPDATE accounts SET last_seq = 0, balance = 0 WHERE id = %s", [bank.client.pk]),
    ),
    (
        "can only be updated to DEFAULT",
        "a generated column",
        lambda bank: bank.sql("UPDATE accounts SET head_seq = NULL WHERE id = %s", [bank.client.pk]),
    ),
    (
        "accounts_head_fk",
        "an account that is born rich",
        lambda bank: bank.sql(
            "INSERT INTO accounts (user_id, account_number, currency, balance, last_seq) VALUES (%s, 'R', 'USD', 9, 1)",
            [bank.client.user_id],
        ),
    ),
    ("permission denied", "an entry changed", lambda bank: bank.sql("UPDATE account_transactions SET amount = 1")),
    ("permission denied", "an entry deleted", lambda bank: bank.sql("DELETE FROM account_transactions")),
    ("permission denied", "a ledger truncated", lambda bank: bank.sql("TRUNCATE account_transactions CASCADE")),
    ("permission denied", "a journal renamed", lambda bank: bank.sql("UPDATE journals SET kind = 'bonus'")),
    (
        "must be owner",
        "the trigger switched off",
        lambda bank: bank.sql("ALTER TABLE account_transactions DISABLE TRIGGER account_transactions_head"),
    ),
    (
        "journals_idempotency_key_content",
        "a key that stands for something else",
        lambda bank: [
            bank.post("deposit", (bank.client, 1), (bank.house, -1), key="again"),
            bank.post("deposit", (bank.client, 2), (bank.house, -2), key="again"),
        ],
    ),
    (
        "account_transactions_amount_scale",
        "nine decimals",
        lambda bank: bank.post("deposit", (bank.client, "0.000000001"), (bank.house, "-0.000000001")),
    ),
    ("journals_has_entries", "a journal of no legs", lambda bank: bank.post("deposit")),
    (
        "account_transactions_amount_not_zero_check",
        "a leg of nothing",
        lambda bank: bank.post("deposit", (bank.client, 0), (bank.house, 0)),
    ),
    (
        "account_transactions_account_currency_fk",
        "an account that nobody has",
        lambda bank: bank.post("deposit", (Account(id=UUID(int=7)), 5), (bank.house, -5)),
    ),
    (
        "journals_reversal_of_uniq",
        "a second reversal",
        lambda bank: [
            reverse_journal(journal=bank.deposit),
            reverse_journal(journal=bank.deposit, idempotency_key="once more"),
        ],
    ),
]


@pytest.mark.parametrize(("rule", "what", "write"), BAD_WRITES, ids=[what for _, what, _ in BAD_WRITES])
def test_is_refused(bank: Bank, refused: Any, rule: str, what: str, write: Callable[[Bank], Any]) -> None:
    with refused(rule):
        write(bank)
    assert (bank.balance(bank.client), bank.balance(bank.other)) == (100, 40)


@pytest.mark.parametrize("leg_type", [kind for kind in TransactionType if kind not in ("realized_pnl", "swap")])
def test_what_takes_money_takes_no_more_than_there_is(bank: Bank, refused: Any, leg_type: str) -> None:
    """By whatever name; only trading itself may take more."""
    with refused("account_transactions_no_overdraft"):
        bank.post(leg_type, (bank.client, "-100.00000001"), (bank.house, "100.00000001"), kind="correction")
    bank.post(leg_type, (bank.client, -100), (bank.house, 100), kind="correction")
    with refused("account_transactions_no_overdraft"):
        reverse_journal(journal=bank.deposit)


@pytest.mark.parametrize(
    ("leg_type", "reference_type"),
    [("realized_pnl", ""), ("swap", ""), ("adjustment", "trades"), ("commission", "positions")],
)
def test_nobody_books_for_trading(bank: Bank, refused: Any, leg_type: str, reference_type: str) -> None:
    with refused("account_transactions_of_trading"):
        bank.post(leg_type, (bank.client, 1), (bank.house, -1), kind="adjustment", reference_type=reference_type)


def test_one_statement_may_post_demo_and_real_money_in_journals_of_their_own(bank: Bank, refused: Any) -> None:
    demo, demo_house = rows.account(), rows.house(account_type="demo")
    real = [{"account": bank.client, "amount": 5}, {"account": bank.house, "amount": -5}]
    first, second = bank.journal(), bank.journal()
    bank.enter(
        *({**entry, "journal": first} for entry in real),
        {"account": demo, "amount": 5, "journal": second},
        {"account": demo_house, "amount": -5, "journal": second},
        journal=first,
    )
    with refused("account_transactions_demo_money"):
        third, fourth = bank.journal(), bank.journal()
        bank.enter(
            *({**entry, "journal": third} for entry in real),
            {"account": demo, "amount": 5, "journal": fourth},
            {"account": bank.house, "amount": -5, "journal": fourth},
            journal=third,
        )


@pytest.mark.parametrize(
    "change", ["is_locked = true, locked_reason = 'fraud'", "is_active = false", "deleted_at = now()"]
)
@pytest.mark.parametrize("leg_type", ["withdrawal", "transfer"])
def test_no_money_leaves_a_closed_account(bank: Bank, refused: Any, change: str, leg_type: str) -> None:
    bank.sql(f"UPDATE accounts SET {change} WHERE id = %s", [bank.client.pk])
    with refused("account_transactions_open_account"):
        bank.post(leg_type, (bank.client, -1), (bank.house, 1))
    bank.post("adjustment", (bank.client, -1), (bank.house, 1))


def test_the_owner_is_held_by_the_same_rules(live_database: Database) -> None:
    with transaction.atomic():
        client, house = rows.account(account_type="live"), rows.house()
        rows.journal((client, 100), (house, -100))
    for statement, rule in (
        ("UPDATE accounts SET balance = 5 WHERE last_seq > 0", "accounts_head_forward"),
        ("UPDATE accounts SET last_seq = 0, balance = 0 WHERE last_seq > 0", "accounts_head_forward"),
        ("UPDATE accounts SET last_seq = 2, balance = 5 WHERE last_seq > 0", "accounts_head_fk"),
    ):
        with pytest.raises(psycopg.Error) as caught:
            live_database.rows(statement)
        assert caught.value.diag.constraint_name == rule
    for change, rule in (
        ({"seq": 0}, "account_audit_seq_positive_check"),
        ({"seq": 9}, "account_audit_chain_fk"),
        ({"seq": 1}, "account_audit_account_seq_uniq"),
        ({"event_type": "renamed"}, "account_audit_event_type_check"),
        ({"account_id": UUID(int=1), "seq": 1}, "account_audit_account_id_fk"),
    ):
        row = {"account_id": client.pk, "seq": 2, "event_type": "locked", **change}
        with pytest.raises(psycopg.Error) as caught:
            live_database.rows(
                "INSERT INTO account_audit (account_id, seq, event_type) VALUES (%s, %s, %s)", [*row.values()]
            )
        assert caught.value.diag.constraint_name == rule


def test_a_head_that_has_moved_is_to_be_tried_again(live_database: Database) -> None:
    """Entries that somebody else's entries have overtaken: the head does not wait for them."""
    with transaction.atomic():
        client, house = rows.account(account_type="live"), rows.house()
        rows.journal((client, 100), (house, -100))
    with live_database.connect(owner=True) as owner:
        owner.execute("ALTER TABLE accounts DISABLE TRIGGER accounts_head_forward")
        owner.execute("ALTER TABLE accounts DROP CONSTRAINT accounts_head_fk")
        owner.execute("UPDATE accounts SET last_seq = 5 WHERE id = %s", [client.pk])
    with live_database.connect(autocommit=False) as connection:
        journal = connection.execute(
            "INSERT INTO journals (kind, idempotency_key) VALUES ('deposit', 'k') RETURNING id"
        ).fetchone()
        assert journal
        entries = (
            "INSERT INTO account_transactions (journal_id, account_id, currency, seq, transaction_type, amount,"
            " balance_before, balance_after) VALUES (%(journal)s, %(client)s, 'USD', 2, 'deposit', 1, 100, 101),"
            " (%(journal)s, %(house)s, 'USD', 2, 'deposit', -1, -100, -101)"
        )
        with pytest.raises(psycopg.errors.SerializationFailure):
            connection.execute(entries, {"journal": journal["id"], "client": client.pk, "house": house.pk})
        connection.rollback()


@pytest.mark.usefixtures("as_owner")  # as whom trades book
def test_losses_and_fees_may_take_a_client_below_zero_and_the_house_pays(bank: Bank) -> None:
    for leg_type in ("realized_pnl", "commission", "swap"):
        bank.post(leg_type, (bank.client, -50), (bank.house, 50), kind="correction", reference_type="trades")
    assert bank.balance(bank.client) == -50
    journal = apply_negative_balance_protection(account=bank.client)
    assert bank.balance(bank.client) == 0
    assert Journal.objects.get(pk=journal).kind == "adjustment"
    assert apply_negative_balance_protection(account=bank.client) is None
    assert bank.balance(bank.house) == -40
    with pytest.raises(IntegrityError, match="is not a client's"), transaction.atomic():
        apply_negative_balance_protection(account=bank.house)


@pytest.mark.usefixtures("as_owner")  # as whom trades book
def test_nobody_takes_the_name_that_the_payment_of_a_debt_will_have(bank: Bank, refused: Any) -> None:
    bank.post("realized_pnl", (bank.client, -150), (bank.house, 150), kind="correction", reference_type="trades")
    bank.client.refresh_from_db()
    key = f"negative-balance:{bank.client.pk}:{bank.client.last_seq}"
    with refused("journals_name_of_another"):
        bank.post("deposit", (bank.house, -1), (rows.house(), 1), key=key)
    assert apply_negative_balance_protection(account=bank.client)


@pytest.mark.usefixtures("as_owner")  # who gives credit
def test_credit_is_not_money_to_withdraw(bank: Bank, refused: Any) -> None:
    bank.sql("UPDATE accounts SET credit = 1000 WHERE id = %s", [bank.client.pk])
    with refused("account_transactions_no_overdraft"):
        bank.post("withdrawal", (bank.client, -101), (bank.house, 101))
    bank.post("withdrawal", (bank.client, -100), (bank.house, 100))


def test_several_legs_accounts_and_currencies(bank: Bank) -> None:
    house_euros = rows.house(currency="EUR")
    journal = post_journal(
        kind=JournalKind.CORRECTION,
        idempotency_key="mixed",
        legs=[
            Leg(account=bank.client.pk, type=TransactionType.ADJUSTMENT, amount=Decimal("12.5")),
            Leg(account=bank.client.pk, type=TransactionType.COMMISSION, amount=Decimal("-2")),
            Leg(account=bank.house.pk, type=TransactionType.ADJUSTMENT, amount=Decimal("-12.5")),
            Leg(account=bank.euros.pk, type=TransactionType.BONUS, amount=Decimal("0.00000001")),
            Leg(account=bank.house.pk, type=TransactionType.COMMISSION, amount=Decimal("2")),
            Leg(account=house_euros.pk, type=TransactionType.BONUS, amount=Decimal("-0.00000001")),
        ],
        description="A trade",
    )
    entries = [
        (entry.account_id, entry.seq, entry.balance_before, entry.balance_after)
        for entry in AccountTransaction.objects.filter(journal=journal).order_by("id")
    ]
    assert entries[:2] == [
        (bank.client.pk, 2, Decimal(100), Decimal("112.5")),
        (bank.client.pk, 3, Decimal("112.5"), Decimal("110.5")),
    ]
    bank.client.refresh_from_db()
    assert (bank.client.balance, bank.client.last_seq, bank.client.equity, bank.client.margin_available) == (
        Decimal("110.5"),
        3,
        Decimal("110.5"),
        Decimal("110.5"),
    )
    assert bank.balance(bank.euros) == Decimal("0.00000001")


def test_the_same_key_again_is_the_same_journal_whatever_the_order_of_legs(bank: Bank) -> None:
    first = bank.post("deposit", (bank.client, 1), (bank.house, -1), key="k")
    assert bank.post("deposit", (bank.house, "-1.0"), (bank.client, "1.00"), key="k") == first
    assert bank.balance(bank.client) == 101
    assert len(bytes(Journal.objects.get(pk=first).content_hash)) == 32


def test_a_reversal_mirrors_and_is_posted_once(bank: Bank) -> None:
    undone = reverse_journal(journal=bank.deposit)
    assert reverse_journal(journal=bank.deposit) == undone
    assert bank.balance(bank.client) == 0
    assert Journal.objects.get(pk=undone).reversal_of_id == bank.deposit
    with pytest.raises(IntegrityError, match="there is no journal"), transaction.atomic():
        reverse_journal(journal=uuid4())


def test_a_transfer_moves_money_of_one_currency_and_one_kind(bank: Bank, refused: Any) -> None:
    transfer(source=bank.client, target=bank.other, amount=Decimal(30), idempotency_key="t")
    assert (bank.balance(bank.client), bank.balance(bank.other)) == (70, 70)
    with refused("account_transactions_zero_sum"):
        transfer(source=bank.client, target=bank.euros, amount=Decimal(30), idempotency_key="u")
    with pytest.raises(ValueError, match="positive"):
        transfer(source=bank.client, target=bank.other, amount=Decimal(-30), idempotency_key="v")
    with pytest.raises(ValueError, match="Demo money"):
        transfer(source=bank.client, target=rows.account(), amount=Decimal(1), idempotency_key="w")


def test_the_house_is_found_by_currency_and_kind_of_money(bank: Bank, refused: Any) -> None:
    demo = rows.house(account_type="demo", account_number="D1")
    for is_demo, house in ((False, bank.house), (True, demo)):
        found = bank.sql("SELECT house_account('USD', %s, %s) AS id", [is_demo, bank.client.pk])
        assert found == [{"id": house.pk}]
    with refused("the house has no live account in EUR"):
        bank.sql("SELECT house_account('EUR', false, %s)", [bank.euros.pk])


def test_clients_are_spread_over_the_accounts_of_the_house_and_stay_there(bank: Bank) -> None:
    clients = [uuid4() for _ in range(300)]

    def chosen() -> dict[UUID, UUID]:
        found = bank.sql("SELECT id, house_account('USD', false, id) AS house FROM unnest(%s) AS id", [clients])
        return {row["id"]: row["house"] for row in found}

    assert set(chosen().values()) == {bank.house.pk}
    second, third = (rows.house(account_number=number) for number in ("H2", "H3"))
    three = chosen()
    clients_of = Counter(three.values())
    assert set(clients_of) == {bank.house.pk, second.pk, third.pk}
    assert min(clients_of.values()) > 50

    fourth = rows.house(account_number="H4")
    four = chosen()
    assert {four[client] for client in clients if four[client] != three[client]} == {fourth.pk}
    Account.objects.filter(pk=fourth.pk).update(is_active=False)
    assert chosen() == three
    third.delete()
    two = chosen()
    assert set(two.values()) == {bank.house.pk, second.pk}
    assert {three[client] for client in clients if two[client] != three[client]} == {third.pk}


def test_a_temporary_table_does_not_stand_in_for_the_ledger(bank: Bank, refused: Any) -> None:
    bank.sql("CREATE TEMPORARY TABLE account_transactions (journal_id uuid)")
    journal = bank.journal()
    bank.sql("INSERT INTO pg_temp.account_transactions VALUES (%s)", [journal])
    with refused("journals_has_entries"):
        bank.sql("SELECT 1")
    bank.sql("DROP TABLE pg_temp.account_transactions")
    bank.enter({"account": bank.client, "amount": 1}, {"account": bank.house, "amount": -1}, journal=journal)


def test_an_account_is_saved_without_the_head_of_its_ledger(bank: Bank) -> None:
    stale = Account.objects.get(pk=bank.client.pk)
    bank.post("deposit", (bank.client, 1), (bank.house, -1))
    stale.group_name = "vip"
    stale.save()
    assert (bank.balance(bank.client), bank.client.group_name) == (101, "vip")
