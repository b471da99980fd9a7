"""The flow as naive ORM calls: one object after the other is read, changed in Python and saved.

It runs on tables without the triggers that write events, heads and balances, which are written by hand here; all other
rules are the same. It does what the services promise: it looks up whether an event has been recorded already, whether
account and instrument may trade and whether the status may change, and it locks what it changes.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import Account, AccountTransaction, Journal
from config.commands import Failed
from ops.bench.flow.lives import COMMISSION, QUANTITY, VENUE, Life
from trading.choices import NO_STATUS, OrderStatus
from trading.models import (
    Instrument,
    Order,
    OrderAudit,
    OrderFill,
    OrderStatusTransition,
    Position,
    PositionAudit,
    Trade,
)


def play(life: Life) -> None:
    order = submit(life)
    acknowledge(order)
    fill(order, life)


@transaction.atomic
def submit(life: Life) -> Order:
    account = Account.objects.get(pk=life.trader.account_id)
    instrument = Instrument.objects.get(pk=life.trader.instrument_id)
    if Order.objects.filter(account=account, client_order_id=life.key).exists():
        raise Failed(f"Order {life.key} is there already.")
    if account.is_locked or not (account.is_active and instrument.is_active and instrument.is_tradable):
        raise Failed(f"Order {life.key} may not be placed.")
    if QUANTITY % instrument.quantity_step or not instrument.min_quantity <= QUANTITY <= instrument.max_quantity:
        raise Failed(f"Order {life.key} has a wrong quantity.")
    order = Order.objects.create(
        account=account,
        user_id=account.user_id,
        client_order_id=life.key,
        instrument=instrument,
        order_type="market",
        side=life.side,
        quantity=QUANTITY,
        event_seq=1,
    )
    _order_event(
        order,
        NO_STATUS,
        "received",
        "pending_new",
        {"quantity": [None, str(QUANTITY)], "time_in_force": [None, "gtc"]},
    )
    return order


@transaction.atomic
def acknowledge(submitted: Order) -> None:
    order = Order.objects.select_for_update().get(pk=submitted.pk)
    before, order.status = order.status, OrderStatus.NEW
    _check_transition(before, order.status, "new")
    order.submitted_at = timezone.now()
    order.event_seq += 1
    order.save()
    _order_event(order, before, "accepted", "new", {"submitted_at": [None, order.submitted_at.isoformat()]})


@transaction.atomic
def fill(submitted: Order, life: Life) -> None:
    order = Order.objects.select_for_update().get(pk=submitted.pk)
    if OrderFill.objects.filter(venue=VENUE, execution_id=life.key).exists():
        raise Failed(f"Execution {life.key} is recorded already.")
    if order.filled_quantity + QUANTITY > order.quantity:
        raise Failed(f"Execution {life.key} is more than was ordered.")
    account = Account.objects.get(pk=order.account_id)
    instrument = Instrument.objects.get(pk=order.instrument_id)
    execution = OrderFill.objects.create(
        order=order,
        fill_price=life.price,
        fill_quantity=QUANTITY,
        fill_commission=COMMISSION,
        commission_currency_id=account.currency_id,
        venue=VENUE,
        execution_id=life.key,
    )

    before, order.status = order.status, OrderStatus.FILLED
    _check_transition(before, order.status, "trade")
    order.filled_quantity += QUANTITY
    order.filled_notional += QUANTITY * life.price
    order.commission += COMMISSION
    order.commission_currency_id = account.currency_id
    order.filled_at = timezone.now()
    order.event_seq += 1
    order.save()
    changes = {
        "filled_quantity": ["0", str(order.filled_quantity)],
        "filled_notional": ["0", str(order.filled_notional)],
        "commission": ["0", str(order.commission)],
        "commission_currency": [None, account.currency_id],
        "filled_at": [None, order.filled_at.isoformat()],
    }
    _order_event(order, before, "filled", "trade", changes, venue=VENUE)

    trade = _move_position(order, account, instrument, execution, life)
    _book(account, life.trader.house_id, trade, execution)


def _check_transition(before: str, after: str, exec_type: str) -> None:
    if not OrderStatusTransition.objects.filter(from_status=before, to_status=after, exec_type=exec_type).exists():
        raise Failed(f"An order does not go from {before} to {after}.")


def _order_event(
    order: Order, before: str, event: str, exec_type: str, data: Mapping[str, Any], **columns: str
) -> None:
    OrderAudit.objects.create(
        order=order,
        seq=order.event_seq,
        event_type=event,
        exec_type=exec_type,
        previous_status=before,
        new_status=order.status,
        data=data,
        **columns,
    )


def _move_position(order: Order, account: Account, instrument: Instrument, execution: OrderFill, life: Life) -> Trade:
    position = Position.objects.select_for_update().filter(account=account, instrument=instrument, is_open=True).first()
    pnl, effect, average_before = Decimal(0), "open", None
    if position is None:
        quantity_before = Decimal(0)
        position = Position.objects.create(
            account=account,
            user_id=account.user_id,
            oms_type=account.oms_type,
            instrument=instrument,
            side="long" if order.side == "buy" else "short",
            quantity=QUANTITY,
            entry_price=life.price,
            average_price=life.price,
            commission_paid=COMMISSION,
            last_seq=1,
        )
    else:
        quantity_before, average_before, effect = position.quantity, position.average_price, "close"
        pnl = round((life.price - position.average_price) * QUANTITY * instrument.contract_size, 2)
        position.quantity -= QUANTITY
        position.realized_pnl += pnl
        position.commission_paid += COMMISSION
        position.is_open = False
        position.close_time = timezone.now()
        position.last_seq += 1
        position.save()
    trade = Trade.objects.create(
        account=account,
        user_id=account.user_id,
        position=position,
        order=order,
        fill=execution,
        instrument=instrument,
        side=order.side,
        quantity=QUANTITY,
        price=life.price,
        contract_size=instrument.contract_size,
        commission=COMMISSION,
        pnl=pnl,
        venue=VENUE,
        execution_id=life.key,
        position_effect=effect,
    )
    PositionAudit.objects.create(
        position=position,
        seq=position.last_seq,
        event_type="opened" if effect == "open" else "closed",
        trade=trade,
        quantity_before=quantity_before,
        quantity_after=position.quantity,
        price=life.price,
        data={"average_price": [average_before and str(average_before), str(position.average_price)]},
    )
    return trade


def _book(client: Account, house_id: UUID, trade: Trade, execution: OrderFill) -> None:
    house = Account.objects.get(pk=house_id)
    key = f"fill:{execution.pk}"
    if Journal.objects.filter(idempotency_key=key).exists():
        raise Failed(f"Journal {key} is posted already.")
    journal = Journal.objects.create(
        kind="trade",
        idempotency_key=key,
        metadata={"fill": str(execution.pk)},
    )
    # In the order of their ids, so that two fills never wait for each other.
    locked = {
        each.pk: each
        for each in Account.objects.select_for_update().filter(pk__in=[client.pk, house.pk]).order_by("pk")
    }
    legs = [("realized_pnl", trade.pnl), ("commission", -trade.commission)]
    for name, amount in legs:
        for account, signed in ((locked[client.pk], amount), (locked[house.pk], -amount)):
            if not signed:
                continue
            account.last_seq += 1
            AccountTransaction.objects.create(
                journal=journal,
                account=account,
                currency_id=account.currency_id,
                seq=account.last_seq,
                transaction_type=name,
                amount=signed,
                balance_before=account.balance,
                balance_after=account.balance + signed,
                reference_type="trades",
                reference_id=trade.pk,
            )
            account.balance += signed
            account.equity += signed
            account.margin_available += signed
            account.save(update_fields=["balance", "equity", "margin_available", "last_seq"])
