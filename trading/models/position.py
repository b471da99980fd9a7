"""What clients hold."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import NullIf

from accounts.choices import OmsType
from audit.capture import audited
from config.database.constraints import Agree, all_positive, not_negative, one_of, requires
from config.database.fields import AmountField, MetadataField
from config.database.models import MutableEntity
from config.database.triggers import SharedTrigger
from config.numbers import plain
from trading.choices import PositionSide

_EXITS_CHANGE = pgtrigger.Condition(
    "((OLD.stop_loss, OLD.take_profit, OLD.trailing_stop) IS DISTINCT FROM"
    " (NEW.stop_loss, NEW.take_profit, NEW.trailing_stop))"
)


class Position(MutableEntity):
    """A holding of one instrument in one account, from its opening until it is flat.

    Whether an account nets or hedges is the account's property; it is repeated here, tied to the account by a
    composite foreign key, so that partial unique indexes can see it. Netting: one open position per
    instrument. Hedging: a long and a short one side by side, one per side: a second purchase increases the
    long position, and each lot stays visible as its trades. A closed position is flat; a flip closes one and
    opens another. Amounts are in the account's currency, prices in the instrument's quote currency.

    Its quantity is what the last event of its chain says (positions_head_fk), and only a trade changes it: fills and
    busts write positions, trades and events together (`trading.services.apply_fill`, `bust_trade`), nobody else may.
    Of the columns only the exits and the metadata are free; another exit is an event that a trigger writes.
    """

    # The database has composite keys (account, user) and (account, oms_type) instead of these two.
    account = models.ForeignKey(
        "accounts.Account",
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="positions",
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="positions",
    )
    oms_type = models.CharField("OMS type", max_length=16, choices=OmsType, help_text="The account's.")
    instrument = models.ForeignKey(
        "trading.Instrument", on_delete=models.PROTECT, db_index=False, related_name="positions"
    )
    side = models.CharField(max_length=8, choices=PositionSide)
    quantity = AmountField(db_default=0, help_text="Contracts held now.")
    entry_price = AmountField(help_text="Price of the first trade.")
    current_price = AmountField(null=True, blank=True, help_text="Price at which it could be closed now.")
    mark_price = AmountField(null=True, blank=True, help_text="Price at which it is valued.")
    average_price = AmountField(help_text="Average price of what is held.")
    liquidation_price = AmountField(null=True, blank=True, help_text="Price at which the account is stopped out.")
    margin_required = AmountField(db_default=0)
    unrealized_pnl = AmountField("unrealized P&L", db_default=0)
    realized_pnl = AmountField("realized P&L", db_default=0)
    commission_paid = AmountField(db_default=0)
    swap_charges = AmountField(db_default=0, help_text="Negative: the client paid.")
    stop_loss = AmountField(null=True, blank=True)
    take_profit = AmountField(null=True, blank=True)
    trailing_stop = AmountField(null=True, blank=True, help_text="Distance from the best price.")
    is_open = models.BooleanField(db_default=True)
    open_time = models.DateTimeField(db_default=TransactionNow())
    close_time = models.DateTimeField(null=True, blank=True)
    last_seq = models.BigIntegerField(db_default=0, editable=False, help_text="Number of its last event.")
    head_seq = models.GeneratedField(
        expression=NullIf(F("last_seq"), Value(0)),
        output_field=models.BigIntegerField(null=True),
        db_persist=True,
        help_text="The same; empty before the first.",
    )
    metadata = MetadataField()

    class Meta(MutableEntity.Meta):
        db_table = "positions"
        triggers = [
            *MutableEntity.Meta.triggers,
            *audited(),
            SharedTrigger(
                name="modify",
                function="number_position_change",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=_EXITS_CHANGE,
            ),
            SharedTrigger(
                name="record",
                function="record_position_change",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                condition=_EXITS_CHANGE,
            ),
        ]
        constraints = [
            # Both also serve an account's open positions: margin, equity, closing all.
            models.UniqueConstraint(
                fields=["account", "instrument"],
                condition=Q(is_open=True, oms_type=OmsType.NETTING),
                name="positions_open_netting_uniq",
            ),
            models.UniqueConstraint(
                fields=["account", "instrument", "side"],
                condition=Q(is_open=True, oms_type=OmsType.HEDGING),
                name="positions_open_hedging_uniq",
            ),
            # What (position, account, instrument) of a trade points at; an account's history in one
            # instrument.
            models.UniqueConstraint(fields=["account", "instrument", "id"], name="positions_account_instrument_uniq"),
            one_of("positions", "oms_type", OmsType),
            one_of("positions", "side", PositionSide),
            not_negative("positions", "quantity"),
            not_negative("positions", "margin_required"),
            not_negative("positions", "last_seq"),
            all_positive(
                "positions",
                "prices",
                *("entry_price", "current_price", "mark_price", "average_price", "liquidation_price"),
                *("stop_loss", "take_profit", "trailing_stop"),
            ),
            requires(
                "positions",
                "exits_by_side",
                Q(
                    Case(
                        When(side=PositionSide.LONG, then=Q(stop_loss__lt=F("take_profit"))),
                        default=Q(stop_loss__gt=F("take_profit")),
                        output_field=models.BooleanField(),
                    )
                ),
                "The stop loss of a long position lies below its take profit, of a short one above.",
            ),
            requires(
                "positions",
                "quantity_has_events",
                Q(last_seq__gt=0) | Q(quantity=0),
                "What is held was traded: its events say so.",
            ),
            requires("positions", "closed_is_flat", Q(is_open=True) | Q(quantity=0), "A closed position is flat."),
            requires(
                "positions",
                "close_time",
                Q(Agree(Q(is_open=True), Q(close_time__isnull=True))),
                "A closed position, and no other, has a closing time.",
            ),
            requires(
                "positions",
                "closed_after_opening",
                Q(close_time__gte=F("open_time")),
                "It closes after it opened.",
            ),
        ]
        indexes = [
            # Open positions of an instrument: revaluation at a new mark, stops, exposure, circuit breakers.
            models.Index(fields=["instrument"], condition=Q(is_open=True), name="positions_open_idx"),
            # An account's closed positions of a period: statements. Written once, at closing.
            models.Index(
                fields=["account", "-close_time"],
                condition=Q(is_open=False),
                name="positions_account_closed_idx",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.side} {plain(self.quantity)} at {plain(self.average_price)}"
