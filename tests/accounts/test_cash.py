"""Cash requests: one asks, another approves, the ledger books; nothing leaves an end."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.choices import CashRequestType
from accounts.models import Account, AccountTransaction, CashRequest, Journal, User
from accounts.services import approve_cash, cancel_cash, reject_cash, request_cash
from tests.databases import Database
from tests.rows import accounts as rows

NOBODY = UUID(int=0)


class Desk:
    """A client of whom a maker asks and a checker approves; the house has the other side."""

    def __init__(self) -> None:
        self.client = rows.account(account_type="live")
        self.house = rows.house()
        self.maker, self.checker = rows.user(), rows.user()

    def ask(self, kind: str = "deposit", amount: Any = 100, **options: Any) -> CashRequest:
        return request_cash(
            account=self.client,
            request_type=CashRequestType(kind),
            amount=Decimal(amount),
            requested_by=self.maker,
            **options,
        )

    def balances(self) -> tuple[Decimal, Decimal]:
        return tuple(Account.objects.get(pk=account.pk).balance for account in (self.client, self.house))  # type: ignore[return-value]


@pytest.fixture
def desk(db: None) -> Desk:
    return Desk()


@pytest.mark.parametrize(
    ("kind", "amount", "balance"),
    [("deposit", 25, 125), ("withdrawal", 25, 75), ("bonus", 5, 105), ("adjustment", -5, 95), ("adjustment", 5, 105)],
)
def test_approving_books_against_the_house(desk: Desk, kind: str, amount: int, balance: int) -> None:
    rows.journal((desk.client, 100), (desk.house, -100))
    request = desk.ask(kind, amount)
    journal = approve_cash(request=request, approved_by=desk.checker)
    assert desk.balances() == (balance, -balance)
    request.refresh_from_db()
    assert (request.status, request.journal_id, request.approved_by) == ("completed", journal, desk.checker)
    assert request.approved_at is not None
    assert Journal.objects.get(pk=journal).kind == kind
    assert {entry.reference_id for entry in AccountTransaction.objects.filter(journal=journal)} == {request.pk}
    assert approve_cash(request=request, approved_by=desk.checker) == journal
    assert desk.balances() == (balance, -balance)


def test_approving_again_leaves_the_account_of_the_house_that_has_paid(desk: Desk) -> None:
    request = desk.ask()
    journal = approve_cash(request=request, approved_by=desk.checker)
    # The client goes to another one now.
    rows.house()
    Account.objects.filter(pk=desk.house.pk).update(is_active=False)
    assert approve_cash(request=request, approved_by=desk.checker) == journal
    assert desk.balances() == (100, -100)


def test_what_cannot_be_approved_stays_pending(desk: Desk, refused: Any) -> None:
    own, too_much = desk.ask(), desk.ask("withdrawal", 1)
    with refused("cash_requests_approved_by_another_check"):
        approve_cash(request=own, approved_by=desk.maker)
    with refused("account_transactions_no_overdraft"):
        approve_cash(request=too_much, approved_by=desk.checker)
    with refused("there is no cash request"):
        approve_cash(request=CashRequest(id=NOBODY), approved_by=desk.checker)
    assert {*CashRequest.objects.values_list("status", flat=True)} == {"pending"}
    assert desk.balances() == (0, 0)


@pytest.mark.parametrize("left", [{"is_active": False}, {"is_active": False, "deleted_at": timezone.now()}])
def test_who_has_left_approves_nothing(desk: Desk, left: dict[str, Any], refused: Any) -> None:
    request = desk.ask()
    User.objects.filter(pk=desk.checker.pk).update(**left)
    with refused("cash_requests_approver_active"):
        approve_cash(request=request, approved_by=desk.checker)
    assert desk.balances() == (0, 0)


def test_a_request_that_is_not_there_does_not_end(db: None) -> None:
    nothing = CashRequest(id=NOBODY)
    with pytest.raises(CashRequest.DoesNotExist):
        reject_cash(request=nothing, rejected_by=rows.user(), reason="no such card")
    with pytest.raises(CashRequest.DoesNotExist):
        cancel_cash(request=nothing, canceled_by=rows.user())


def test_a_rejected_or_canceled_request_is_at_its_end(desk: Desk, refused: Any) -> None:
    rejected, canceled = desk.ask(), desk.ask()
    for _ in range(2):
        reject_cash(request=rejected, rejected_by=desk.checker, reason="no such card")
        cancel_cash(request=canceled, canceled_by=desk.maker)
    rejected.refresh_from_db()
    assert (rejected.status, rejected.failure_reason) == ("failed", "no such card")
    assert rejected.metadata == {"ended_by": str(desk.checker.pk)}
    for request in (rejected, canceled):
        with refused("cash_requests_status_transition"):
            approve_cash(request=request, approved_by=desk.checker)
    with refused("cash_requests_status_transition"):
        cancel_cash(request=rejected, canceled_by=desk.maker)


def test_the_payment_providers_reference_makes_asking_safe_to_repeat(desk: Desk, refused: Any) -> None:
    payment = {"payment_method": "card", "external_reference": "p1"}
    first = desk.ask(**payment)
    assert desk.ask(**payment) == first
    with refused("cash_requests_external_reference_uniq"):
        desk.ask(amount=7, **payment)
    assert desk.ask() != desk.ask()


def test_a_request_that_a_transaction_does_not_see_is_told_by_the_key(live_database: Database, refused: Any) -> None:
    desk = Desk()
    payment = {"payment_method": "card", "external_reference": "p1"}
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        assert not CashRequest.objects.exists()
        with ThreadPoolExecutor(1) as other:
            other.submit(lambda: (desk.ask(**payment), connection.close())).result()
        with refused("cash_requests_external_reference_uniq"):
            desk.ask(**payment)
    assert desk.ask(**payment) == CashRequest.objects.get()


def test_nobody_takes_the_name_that_the_journal_of_a_request_will_have(desk: Desk, refused: Any) -> None:
    request = desk.ask()
    with refused("journals_name_of_another"):
        rows.journal((desk.client, 1), (desk.house, -1), idempotency_key=f"cash:{request.pk}")
    assert approve_cash(request=request, approved_by=desk.checker)


STATES = ["pending", "processing", "completed", "failed", "canceled"]
ALLOWED = {("pending", end) for end in ("processing", "failed", "canceled")} | {
    ("processing", end) for end in ("completed", "failed", "canceled")
}


def reach(desk: Desk, sql: Any, status: str) -> CashRequest:
    request = desk.ask()
    if status == "processing":
        sql(
            "UPDATE cash_requests SET status = 'processing', approved_by_id = %s, approved_at = now() WHERE id = %s",
            [desk.checker.pk, request.pk],
        )
    elif status == "completed":
        approve_cash(request=request, approved_by=desk.checker)
    elif status == "failed":
        reject_cash(request=request, rejected_by=desk.checker, reason="no")
    elif status == "canceled":
        cancel_cash(request=request, canceled_by=desk.maker)
    return request


@pytest.mark.parametrize("before", STATES)
@pytest.mark.parametrize("after", STATES)
def test_every_pair_of_states(desk: Desk, sql: Any, refused: Any, before: str, after: str) -> None:
    request = reach(desk, sql, before)
    booked = {"idempotency_key": f"cash:{request.pk}"} if (before, after) == ("processing", "completed") else {}
    other = rows.journal((desk.client, 100), (desk.house, -100), **booked)
    change = {
        "processing": "approved_by_id = coalesce(approved_by_id, %(checker)s),"
        " approved_at = coalesce(approved_at, now())",
        "completed": "journal_id = %(journal)s",
        "failed": "failure_reason = 'no'",
    }.get(after, "note = 'n'")
    statement = f"UPDATE cash_requests SET status = %(after)s, {change} WHERE id = %(id)s"
    parameters = {"after": after, "id": request.pk, "checker": desk.checker.pk, "journal": other.pk}
    if before == after == "completed":
        with refused("cash_requests_decision_immutable"):
            sql(statement, parameters)
    elif before == after or (before, after) in ALLOWED:
        sql(statement, parameters)
    else:
        with refused("cash_requests_status_transition"):
            sql(statement, parameters)


#: (rule, state of the request, what is set)
BAD_CHANGES = [
    ("cash_requests_terms_immutable", "pending", "amount = 1000"),
    ("cash_requests_terms_immutable", "pending", "request_type = 'bonus'"),
    ("cash_requests_terms_immutable", "pending", "currency = 'EUR'"),
    ("cash_requests_terms_immutable", "pending", "account_id = %(house)s"),
    ("cash_requests_terms_immutable", "pending", "requested_by_id = %(checker)s"),
    ("cash_requests_terms_immutable", "completed", "amount = 1000"),
    ("cash_requests_approved_by_another_check", "pending", "approved_by_id = %(maker)s, approved_at = now()"),
    ("cash_requests_approved_by_id_fk", "pending", "approved_by_id = %(nobody)s, approved_at = now()"),
    ("cash_requests_approval_check", "pending", "approved_by_id = %(checker)s"),
    ("cash_requests_approval_check", "pending", "approved_at = now()"),
    ("cash_requests_approved_before_booked_check", "pending", "status = 'processing'"),
    ("cash_requests_decision_immutable", "processing", "approved_by_id = %(another)s"),
    ("cash_requests_decision_immutable", "completed", "journal_id = NULL"),
    ("cash_requests_decision_immutable", "failed", "failure_reason = 'another'"),
    ("cash_requests_journal_when_completed_check", "pending", "journal_id = %(fitting)s"),
    ("cash_requests_failure_reason_check", "pending", "status = 'failed'"),
    ("cash_requests_journal_matches", "processing", "status = 'completed'"),
    ("cash_requests_journal_matches", "processing", "status = 'completed', journal_id = %(smaller)s"),
    ("cash_requests_journal_matches", "processing", "status = 'completed', journal_id = %(bonus)s"),
    ("cash_requests_journal_matches", "processing", "status = 'completed', journal_id = %(elsewhere)s"),
    ("cash_requests_journal_matches", "processing", "status = 'completed', journal_id = %(fitting)s"),
    ("cash_requests_journal_matches", "processing", "status = 'completed', journal_id = %(used)s"),
    ("cash_requests_approved_in_time", "pending", "approved_by_id = %(checker)s, approved_at = '2020-01-01'"),
    ("cash_requests_approved_in_time", "pending", "approved_by_id = %(checker)s, approved_at = 'infinity'"),
]


@pytest.mark.parametrize(("rule", "status", "change"), BAD_CHANGES, ids=[f"{c[1]}-{c[2][:40]}" for c in BAD_CHANGES])
def test_a_bad_change_is_refused(desk: Desk, sql: Any, refused: Any, rule: str, status: str, change: str) -> None:
    request = reach(desk, sql, status)
    values = {
        "maker": desk.maker.pk,
        "checker": desk.checker.pk,
        "nobody": NOBODY,
        "another": rows.user().pk,
        "house": desk.house.pk,
        "fitting": rows.journal((desk.client, 100), (desk.house, -100)).pk,
        "smaller": rows.journal((desk.client, 99), (desk.house, -99)).pk,
        "bonus": rows.journal((desk.client, 100), (desk.house, -100), kind="bonus").pk,
        "elsewhere": rows.journal((rows.account(account_type="live"), 100), (desk.house, -100)).pk,
        "used": approve_cash(request=desk.ask(), approved_by=desk.checker),
    }
    with refused(rule):
        sql(f"UPDATE cash_requests SET {change} WHERE id = '{request.pk}'", values)


def test_a_request_is_not_deleted(desk: Desk, sql: Any, refused: Any) -> None:
    desk.ask()
    with refused("cash_requests_kept"):
        sql("DELETE FROM cash_requests")


def test_a_form_says_that_the_currency_is_wrong(desk: Desk) -> None:
    request = CashRequest(
        account=desk.client, currency=rows.currency("EUR"), request_type="deposit", amount=1, requested_by=desk.maker
    )
    with pytest.raises(Exception, match="The account is in USD"):
        request.full_clean()


def test_rules_that_triggers_usually_forestall(live_database: Database) -> None:
    """With the triggers off, the constraints behind them hold."""
    desk = Desk()
    used = approve_cash(request=desk.ask(), approved_by=desk.checker)
    connection.close()
    with live_database.connect(owner=True) as owner:
        owner.execute("ALTER TABLE cash_requests DISABLE TRIGGER USER")
        for rule, columns in (
            ("cash_requests_status_check", {"status": "maybe"}),
            ("cash_requests_journal_when_completed_check", {"status": "completed"}),
            ("cash_requests_journal_id_fk", {"status": "completed", "journal_id": NOBODY}),
            ("cash_requests_journal_uniq", {"status": "completed", "journal_id": used}),
        ):
            values = {
                "account_id": desk.client.pk,
                "request_type": "deposit",
                "amount": 1,
                "currency": "USD",
                "requested_by_id": desk.maker.pk,
                "approved_by_id": desk.checker.pk,
                "approved_at": "2024-01-01",
                **columns,
            }
            marks = ", ".join(["%s"] * len(values))
            with pytest.raises(Exception, match=rule):
                owner.execute(
                    f"INSERT INTO cash_requests ({', '.join(values)}) VALUES ({marks})",  # type: ignore[arg-type]
                    [*values.values()],
                )
