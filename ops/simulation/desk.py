"""How an event of the plan becomes a call of a service, with the same key however often it is tried."""

import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models.functions import Now

from accounts import services as accounts
from accounts.choices import CashRequestType
from config.database.owner import connected_as_owner
from ops.simulation.cast import Cast
from ops.simulation.events import ACCEPTED, ANY, Event
from ops.simulation.market import Path
from ops.simulation.orders import SHORT_DATE
from trading import services as trading
from trading.choices import OrderStatus
from trading.models import InstrumentMark
from trading.pretrade import NewOrder

#: Of all executions that a simulation reports, and of all its cash requests.
VENUE = "SIMULATION"
PAYMENT_METHOD = "simulation"
BIRTHS = ("submit_order", "request_cash")


class Rejected(Exception):
    """A pre-trade check has rejected the order; the reason is written down in it."""


@dataclass(kw_only=True)
class Subject:
    """What has become of an order or a cash request; `last` is the outcome of its last event.

    Order and request are None until there is one, trade and position until something was filled.
    """

    order_id: Any = None
    request: Any = None
    instrument: str = ""
    ends_at: datetime | None = None
    fill: dict[str, Any] = field(default_factory=dict)
    trade_id: Any = None
    position_id: Any = None
    last: str = ACCEPTED


class Desk:
    """One client's way to the services. `name` is unique per run and client: every key begins with it."""

    def __init__(self, cast: Cast, market: list[Path], *, name: str, night: date) -> None:
        self.cast = cast
        self.paths = {path.symbol: path for path in market}
        self.name = name
        self.night = night
        self.subjects: dict[str, Subject] = {}

    def subject_key(self, event: Event) -> str:
        """The client order id, or the cash request's reference; empty where the event has neither."""
        return f"{self.name}-{event.subject}" if event.subject else ""

    def key(self, event: Event) -> str:
        """What makes the event unique: of an execution its id, else the subject, the night or the instrument."""
        if event.kind == "apply_fill":
            return f"{self.subject_key(event)}-{event.terms['execution']}"
        if event.kind == "accrue_swaps":
            return str(self.night)
        return self.subject_key(event) or str(event.terms.get("instrument", ""))

    def can_do(self, event: Event) -> bool:
        """Whether there is such an order or request, and its last event ended as the plan wants."""
        if not event.subject or event.kind in BIRTHS:
            return True
        subject = self.subjects.get(event.subject)
        exists = subject is not None and (subject.order_id or subject.request)
        return bool(exists) and event.after in (ANY, self.subjects[event.subject].last)

    def do(self, event: Event) -> None:
        """Call the service. Raises what it raises, and Rejected for an order that a pre-trade check refuses."""
        call = getattr(self, f"_{event.kind}")
        if not event.subject:
            call(event.account, **event.terms)
        elif event.kind in (*BIRTHS, "resubmit_order"):
            call(event, **event.terms)
        else:
            call(self.subjects[event.subject], self.key(event), **event.terms)

    # Orders

    def _submit_order(self, event: Event, *, instrument: str, good_for: float | None = None, **terms: Any) -> None:
        subject = self.subjects.setdefault(event.subject, Subject())
        if good_for is not None and subject.ends_at is None:
            # Counted once: a repeated order has the same content.
            subject.ends_at = datetime.now(UTC) + timedelta(seconds=good_for)
        order = trading.submit_order(
            order=NewOrder(
                account_id=self.cast.accounts[event.account].pk,
                client_order_id=self.key(event),
                instrument_id=self.paths[instrument].instrument_id,
                good_till_date=subject.ends_at,
                decision_maker=self.cast.owner.username,
                executor=VENUE,
                **terms,
            ),
            actor=self.cast.owner.username,
        )
        if order.status == OrderStatus.REJECTED:
            raise Rejected(order.reject_reason)
        subject.order_id = order.pk
        subject.instrument = instrument

    def _acknowledge_order(self, subject: Subject, key: str, *, provider: bool) -> None:
        external: dict[str, Any] = {}
        if provider:
            external = {
                "liquidity_provider_id": self.paths[subject.instrument].provider_id,
                "lp_order_id": f"LP-{key}",
            }
        trading.acknowledge_order(order_id=subject.order_id, actor=VENUE, **external)

    def _resubmit_order(self, event: Event, **terms: Any) -> None:
        self._submit_order(event, **terms)

    def _reject_order(self, subject: Subject, key: str, *, reason: str) -> None:
        trading.reject_order(order_id=subject.order_id, reason=reason, actor=VENUE)

    def _request_replace(self, subject: Subject, key: str, **terms: Any) -> None:
        trading.request_replace(order_id=subject.order_id, actor=self.cast.owner.username, **terms)

    def _accept_replace(self, subject: Subject, key: str) -> None:
        trading.accept_replace(order_id=subject.order_id, actor=VENUE)

    def _reject_replace(self, subject: Subject, key: str, *, reason: str) -> None:
        trading.reject_replace(order_id=subject.order_id, actor=VENUE, reason=reason)

    def _request_cancel(self, subject: Subject, key: str, *, reason: str) -> None:
        trading.request_cancel(order_id=subject.order_id, actor=self.cast.owner.username, reason=reason)

    def _accept_cancel(self, subject: Subject, key: str, *, reason: str = "") -> None:
        trading.accept_cancel(order_id=subject.order_id, actor=VENUE, reason=reason)

    def _reject_cancel(self, subject: Subject, key: str, *, reason: str) -> None:
        trading.reject_cancel(order_id=subject.order_id, actor=VENUE, reason=reason)

    def _cancel_order(self, subject: Subject, key: str, *, reason: str) -> None:
        trading.cancel_order(order_id=subject.order_id, actor=self.cast.owner.username, reason=reason)

    # Executions and positions

    def _apply_fill(self, subject: Subject, key: str, *, execution: str, **terms: Any) -> None:
        subject.fill = {"order_id": subject.order_id, "venue": VENUE, "execution_id": key, **terms}
        self._repeat_fill(subject, key)

    def _repeat_fill(self, subject: Subject, key: str) -> None:
        """What the venue reported last."""
        result = trading.apply_fill(**subject.fill)
        subject.trade_id, subject.position_id = result.trade_ids[0], result.position_id

    def _bust_trade(self, subject: Subject, key: str, *, reason: str) -> None:
        trading.bust_trade(trade_id=subject.trade_id, reason=reason, actor=VENUE)

    def _correct_trade(self, subject: Subject, key: str, *, price: Decimal) -> None:
        trading.correct_trade(
            trade_id=subject.trade_id,
            price=price,
            quantity=subject.fill["quantity"],
            reason="Reported at another price.",
            actor=VENUE,
        )

    def _set_exits(self, subject: Subject, key: str, *, stop_loss: Decimal) -> None:
        trading.set_exits(position_id=subject.position_id, stop_loss=stop_loss, actor=self.cast.owner.username)

    # Cash

    def _request_cash(self, event: Event, *, request_type: str, amount: Decimal) -> None:
        request = accounts.request_cash(
            account=self.cast.accounts[event.account],
            request_type=CashRequestType(request_type),
            amount=amount,
            requested_by=self.cast.owner,
            payment_method=PAYMENT_METHOD,
            external_reference=self.key(event),
        )
        self.subjects.setdefault(event.subject, Subject()).request = request

    def _approve_cash(self, subject: Subject, key: str, *, by: str) -> None:
        accounts.approve_cash(request=subject.request, approved_by=getattr(self.cast, by))

    def _reject_cash(self, subject: Subject, key: str, *, reason: str) -> None:
        accounts.reject_cash(request=subject.request, rejected_by=self.cast.approver, reason=reason)

    def _cancel_cash(self, subject: Subject, key: str) -> None:
        accounts.cancel_cash(request=subject.request, canceled_by=self.cast.owner)

    # The day

    def _mark_to_market(self, account: int, *, instrument: str, bid: Decimal, ask: Decimal) -> None:
        """The feed writes the mark at which the service values."""
        instrument_id = self.paths[instrument].instrument_id
        InstrumentMark.objects.create(
            instrument_id=instrument_id, marked_at=Now(), mid=(bid + ask) / 2, bid=bid, ask=ask, source=PAYMENT_METHOD
        )
        trading.mark_to_market(instrument_id=instrument_id)

    def _expire_orders(self, account: int, *, wait: bool = False) -> None:
        """What has ended by now; `wait`: for the last short date that was given, and until nothing is left."""
        if wait:
            time.sleep(SHORT_DATE)
        while trading.expire_orders(now=datetime.now(UTC), actor=VENUE) and wait:
            pass

    def _accrue_swaps(self, account: int) -> None:
        """The simulated day is over, whatever the clock says: a night that is not yet, the schema's owner charges."""
        if self.night < datetime.now(UTC).date():
            trading.accrue_swaps(night=self.night)
        else:
            with connected_as_owner():
                trading.charge_night(night=self.night)

    def _apply_negative_balance_protection(self, account: int) -> None:
        accounts.apply_negative_balance_protection(account=self.cast.accounts[account], created_by=self.cast.approver)
