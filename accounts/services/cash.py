"""Cash that one person asks to move and another one approves."""

from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from accounts.choices import CashRequestStatus, CashRequestType
from accounts.models import Account, CashRequest, User


def request_cash(
    *,
    account: Account,
    request_type: CashRequestType,
    amount: Decimal,
    requested_by: User,
    payment_method: str = "",
    external_reference: str = "",
    note: str = "",
) -> CashRequest:
    """Ask for a movement of cash, in the account's currency; return the pending request.

    An `amount` is positive, only an adjustment's may be negative. The payment provider's reference makes the call
    safe to repeat: the same request comes back, and `IntegrityError` (`cash_requests_external_reference_uniq`) where
    it stands for another one, or for one that this transaction does not see: then the whole is to be tried again.
    """
    asked = CashRequest(
        account=account,
        request_type=request_type,
        amount=amount,
        currency_id=account.currency_id,
        requested_by=requested_by,
        payment_method=payment_method,
        external_reference=external_reference,
        note=note,
    )
    try:
        with transaction.atomic():
            asked.save(force_insert=True)
    except IntegrityError as error:
        if not external_reference or _rule(error) != "cash_requests_external_reference_uniq":
            raise
        # A transaction that reads an older state does not see a request that was made meanwhile.
        first = CashRequest.objects.filter(payment_method=payment_method, external_reference=external_reference).first()
        if not first or (first.account_id, first.request_type, first.amount) != (account.pk, request_type, amount):
            raise
        return first
    return asked


def approve_cash(*, request: CashRequest, approved_by: User) -> UUID:
    """Approve a request and book it against the house; return the journal's id.

    Approving a completed request again returns its journal. `IntegrityError` where the approver is who asked
    (`cash_requests_approved_by_another_check`) or is not active (`cash_requests_approver_active`), where the request
    has failed or was canceled (`cash_requests_status_transition`), or where the money is not there
    (`account_transactions_no_overdraft`): then the request stays as it was.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT approve_cash(%s, %s)", [request.pk, approved_by.pk])
        journal: UUID = cursor.fetchone()[0]
        return journal


def reject_cash(*, request: CashRequest, rejected_by: User, reason: str) -> None:
    """End a request as failed, for a reason of at most 200 characters; one that has failed stays as it is.

    `IntegrityError` (`cash_requests_status_transition`) where it was completed or canceled; `DoesNotExist` where there
    is none.
    """
    _end(request, CashRequestStatus.FAILED, failure_reason=reason, decided_by=rejected_by)


def cancel_cash(*, request: CashRequest, canceled_by: User) -> None:
    """Take a request back; one that was canceled stays as it is.

    `IntegrityError` (`cash_requests_status_transition`) where it was completed or has failed; `DoesNotExist` where
    there is none.
    """
    _end(request, CashRequestStatus.CANCELED, failure_reason="", decided_by=canceled_by)


_END = """
    UPDATE cash_requests
       SET status = %(status)s, failure_reason = %(reason)s,
           metadata = metadata || jsonb_build_object('ended_by', %(by)s::text)
     WHERE id = %(id)s AND status <> %(status)s
"""


def _end(request: CashRequest, status: CashRequestStatus, *, failure_reason: str, decided_by: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _END, {"status": str(status), "reason": failure_reason, "by": str(decided_by.pk), "id": request.pk}
        )
        if not cursor.rowcount:  # it has ended so before, or was never there
            CashRequest.objects.get(pk=request.pk)


def _rule(error: IntegrityError) -> str | None:
    """The name of the constraint that was broken."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return diagnosis.constraint_name if diagnosis else None
