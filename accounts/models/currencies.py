"""What money is counted in."""

from django.db import models
from django.db.models import Q

from accounts.choices import CurrencyKind
from accounts.triggers import currency_exponent
from config.database import triggers
from config.database.constraints import between, one_of, requires
from config.database.fields import CreatedAtField, UpdatedAtField


class Currency(models.Model):
    """A currency by its code (ISO 4217 for fiat and metals, the exchanges' ticker for crypto).

    Its exponent stays once there is an account in it.
    """

    code = models.CharField(max_length=10, primary_key=True, help_text="3 to 10 capital letters or digits.")
    name = models.CharField(max_length=100)
    exponent = models.SmallIntegerField(
        default=2, db_default=2, help_text="Decimal places that amounts are rounded to; 8 are stored."
    )
    kind = models.CharField(
        max_length=10, choices=CurrencyKind, default=CurrencyKind.FIAT, db_default=CurrencyKind.FIAT
    )
    created_at = CreatedAtField()
    updated_at = UpdatedAtField()

    class Meta:
        db_table = "currencies"
        verbose_name_plural = "currencies"
        triggers = [triggers.touch(), currency_exponent()]
        constraints = [
            requires(
                "currencies",
                "code_format",
                Q(code__regex="^[A-Z0-9]{3,10}$"),
                "A code has 3 to 10 capital letters or digits.",
            ),
            requires("currencies", "name", ~Q(name=""), "A currency has a name."),
            between("currencies", "exponent", 0, 8),
            one_of("currencies", "kind", CurrencyKind),
        ]

    def __str__(self) -> str:
        return self.code
