"""What the services refuse by themselves; what the database refuses stays an IntegrityError with the rule's name."""


class OrderError(Exception):
    """A request concerning an order that cannot be done; the sentence says why and what to do."""


class OrderNotFound(OrderError):
    """There is no such order, account or request."""


class WrongStatus(OrderError):
    """The order's status does not allow it."""


class DuplicateOrder(OrderError):
    """The client's order id is taken by an order of other content."""


class DuplicateExecution(OrderError):
    """The venue's execution id is taken by a fill of other content."""


class TradeNotFound(OrderError):
    """There is no such trade that could be busted."""


class PositionNotFound(OrderError):
    """There is no such position."""
