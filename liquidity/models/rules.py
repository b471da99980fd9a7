from django.contrib.postgres.functions import TransactionNow
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.fields.json import KeyTextTransform

from audit.capture import audited
from config.database.constraints import not_negative, one_of, requires
from config.database.models import MutableEntity
from liquidity.choices import FallbackAction, RuleType


def valid(function: str, column: str) -> models.Func:
    """The SQL function that knows the schema of a JSON column (migrations/sql/0001_functions.up.sql)."""
    return models.Func(F(column), function=function, output_field=models.BooleanField())


class SorRule(MutableEntity):
    """A rule of the smart order router. Of the active rules whose conditions all hold, the first one decides.

    `conditions` maps facts of an order to comparisons, `actions` says the route:
    `{"instrument_type": {"in": ["crypto"]}, "notional": {"gte": 100000}}` → `{"route": "abook"}`.
    The database knows both vocabularies and refuses anything else.
    """

    rule_name = models.CharField(max_length=100)
    description = models.TextField(blank=True, db_default="")
    rule_type = models.CharField(max_length=12, choices=RuleType)
    priority = models.IntegerField(help_text="the lowest number is tried first; unique among active rules")
    conditions = models.JSONField(
        help_text='fact: {comparison: value}, all must hold; example: {"notional": {"gte": 100000}}'
    )
    actions = models.JSONField(help_text='{"route": "abook" | "bbook" | "hybrid", …}')
    fallback_action = models.CharField(
        max_length=10,
        choices=FallbackAction,
        db_default=FallbackAction.REJECT.value,
        help_text="when the route cannot be taken",
    )
    is_active = models.BooleanField(db_default=True)
    valid_from = models.DateTimeField(db_default=TransactionNow())
    valid_until = models.DateTimeField(null=True, blank=True, help_text="exclusive; empty = without end")

    class Meta(MutableEntity.Meta):
        db_table = "sor_rules"
        triggers = [*MutableEntity.Meta.triggers, *audited(critical=True)]
        verbose_name = "SOR rule"
        constraints = [
            models.UniqueConstraint(fields=["rule_name"], name="sor_rules_rule_name_uniq"),
            # Also serves the router: active rules in the order in which they are tried.
            models.UniqueConstraint(
                fields=["priority"], condition=Q(is_active=True), name="sor_rules_active_priority_uniq"
            ),
            requires("sor_rules", "rule_name_present", ~Q(rule_name=""), "A rule has a name."),
            one_of("sor_rules", "rule_type", RuleType),
            one_of("sor_rules", "fallback_action", FallbackAction),
            not_negative("sor_rules", "priority"),
            requires(
                "sor_rules",
                "conditions_valid",
                Q(valid("sor_conditions_valid", "conditions")),
                "Conditions map known facts to known comparisons: see liquidity/README.md.",
            ),
            requires(
                "sor_rules",
                "actions_valid",
                Q(valid("sor_actions_valid", "actions")),
                "Actions name a route, and a percentage if it is hybrid: see liquidity/README.md.",
            ),
            requires(
                "sor_rules",
                "type_matches_route",
                Q(rule_type="conditional") | Q(rule_type=KeyTextTransform("route", "actions")),
                "An A-book, B-book or hybrid rule routes there; only a conditional one may route anywhere.",
            ),
            requires(
                "sor_rules",
                "valid_period",
                Q(valid_until__isnull=True) | Q(valid_from__lt=F("valid_until")),
                "A rule begins before it ends.",
            ),
        ]
        indexes = [
            # Which rules look at this fact or name this value, before an instrument or a group is changed.
            GinIndex(fields=["conditions"], opclasses=["jsonb_path_ops"], name="sor_rules_conditions_idx"),
            # Back office: active rules that end soon.
            models.Index(
                fields=["valid_until"],
                condition=Q(is_active=True, valid_until__isnull=False),
                name="sor_rules_ending_idx",
            ),
        ]

    def __str__(self) -> str:
        return self.rule_name
