"""SQL functions of the database as Django expressions."""

from django.db import models


class UUIDv7(models.Func):
    """`uuidv7()`: a time-ordered UUID made by the database (RFC 9562, section 5.7), ordered below the millisecond."""

    function = "uuidv7"
    arity = 0

    def __init__(self) -> None:
        super().__init__(output_field=models.UUIDField())


class TransactionNumber(models.Func):
    """`transaction_number()`: the current transaction's number of 64 bits, never used again."""

    function = "transaction_number"
    arity = 0

    def __init__(self) -> None:
        super().__init__(output_field=models.BigIntegerField())
