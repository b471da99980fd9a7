"""What is traded, what was asked for, what was done and what is held."""

from trading.models.corporate_action import CorporateAction
from trading.models.fee import FeeSchedule
from trading.models.fill import OrderFill
from trading.models.instrument import Instrument
from trading.models.mark import InstrumentMark
from trading.models.order import Order
from trading.models.order_event import OrderAudit, OrderStatusTransition
from trading.models.order_request import OrderChangeRequest
from trading.models.position import Position
from trading.models.position_event import PositionAudit
from trading.models.session import InstrumentSession
from trading.models.trade import Trade

__all__ = [
    "CorporateAction",
    "FeeSchedule",
    "Instrument",
    "InstrumentMark",
    "InstrumentSession",
    "Order",
    "OrderAudit",
    "OrderChangeRequest",
    "OrderFill",
    "OrderStatusTransition",
    "Position",
    "PositionAudit",
    "Trade",
]
