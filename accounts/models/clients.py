"""Who a client is for the regulator, and how he is protected."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Upper

from accounts.choices import ClientClass, Regime
from audit.capture import audited
from config.database.constraints import one_of, requires
from config.database.fields import EncryptedTextField
from config.database.models import MutableEntity


class ClientIdentity(MutableEntity):
    """The client as transaction reports name him (MiFIR RTS 22).

    Either a LEI or, for a person, a national id with the birth date identifies him. A user has one identity.
    The national id is encrypted.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="identities", db_index=False
    )
    lei = models.CharField(
        "LEI", max_length=20, blank=True, db_default="", help_text="Legal entity identifier, ISO 17442."
    )
    national_id = EncryptedTextField(blank=True, db_default="", help_text="Passport, tax or identity card number.")
    legal_name = models.CharField(max_length=350, blank=True, db_default="", help_text="Of a legal entity.")
    first_names = models.CharField(max_length=140, blank=True, db_default="")
    surname = models.CharField(max_length=140, blank=True, db_default="")
    birth_date = models.DateField(null=True, blank=True, help_text="Of a person.")
    country_code = models.CharField(max_length=2, help_text="Nationality or seat, ISO 3166-1 alpha-2.")

    class Meta(MutableEntity.Meta):
        db_table = "client_identities"
        triggers = [*MutableEntity.Meta.triggers, *audited(critical=True)]
        verbose_name_plural = "client identities"
        constraints = [
            models.UniqueConstraint(fields=["user"], name="client_identities_user_uniq"),
            requires(
                "client_identities",
                "lei_format",
                Q(lei__regex=r"^([A-Z0-9]{18}[0-9]{2})?$"),
                "A LEI has 18 letters or digits and 2 digits.",
            ),
            requires(
                "client_identities",
                "one_identifier",
                (Q(lei="") & ~Q(national_id="")) | (~Q(lei="") & Q(national_id="")),
                "Either a LEI or a national id identifies the client.",
            ),
            requires(
                "client_identities",
                "birth_date_of_person",
                Q(lei="", birth_date__isnull=False) | (~Q(lei="") & Q(birth_date__isnull=True)),
                "A person has a birth date, a legal entity has none.",
            ),
            requires(
                "client_identities",
                "name",
                ~Q(legal_name="", surname=""),
                "A person has a surname, a legal entity its name.",
            ),
            requires(
                "client_identities",
                "country_code",
                Q(country_code__regex="^[A-Z]{2}$"),
                "A country code has two capital letters.",
            ),
        ]
        indexes = [
            # All users who act for one legal entity: transaction reporting, and the admin's search.
            models.Index(fields=["lei"], name="client_identities_lei_idx", condition=~Q(lei="")),
            # Name search of sanctions and duplicate checks.
            GinIndex(OpClass(Upper("surname"), name="gin_trgm_ops"), name="client_identities_surname_idx"),
        ]

    def __str__(self) -> str:
        return self.legal_name or f"{self.first_names} {self.surname}".strip()


class ClientClassification(MutableEntity):
    """How one regime protects a client from `valid_from` until before `valid_until` (none: for good).

    A client has one class per regime on any day.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="classifications", db_index=False
    )
    regime = models.CharField(max_length=16, choices=Regime)
    client_class = models.CharField("class", max_length=24, choices=ClientClass, db_column="class")
    valid_from = models.DateField(
        db_default=Func(function="CURRENT_DATE", template="%(function)s", output_field=models.DateField())
    )
    valid_until = models.DateField(null=True, blank=True)
    reason = models.TextField(blank=True, db_default="")

    class Meta(MutableEntity.Meta):
        db_table = "client_classifications"
        triggers = [*MutableEntity.Meta.triggers, *audited(critical=True)]
        constraints = [
            # Also how a client's class of a day is found.
            ExclusionConstraint(
                name="client_classifications_period_excl",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("regime", RangeOperators.EQUAL),
                    (
                        Func(
                            F("valid_from"),
                            F("valid_until"),
                            RangeBoundary(),
                            function="daterange",
                            output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message="The client has a class of this regime already in that period.",
            ),
            one_of("client_classifications", "regime", Regime),
            one_of("client_classifications", "client_class", ClientClass),
            requires(
                "client_classifications",
                "period",
                Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                "A period ends after it begins.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.regime} {self.client_class} from {self.valid_from}"
