"""What would be lost if the market moved like that."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Case, DecimalField, F, Func, Q, When

from audit.capture import audited
from config.database.constraints import between, not_negative, one_of, requires
from config.database.fields import AmountField, MetadataField, RatioField, ScoreField
from config.database.models import AppendOnlyEntity, MutableEntity
from config.numbers import plain
from risk.choices import ScenarioType


class StressTestScenario(MutableEntity):
    """A move of the market: relative changes by factor, such as {"crypto": -0.4, "volatility": 2}.

    A factor is an instrument's symbol or type, or "volatility", "spread", "correlation"; nothing loses more
    than all of it (-1).
    """

    scenario_name = models.CharField(max_length=128)
    scenario_type = models.CharField(max_length=24, choices=ScenarioType)
    description = models.TextField(blank=True, db_default="")
    market_shocks = models.JSONField(help_text='Relative changes: {"EURUSD": -0.1, "volatility": 2}.')
    is_active = models.BooleanField(db_default=True)
    metadata = MetadataField()

    class Meta(MutableEntity.Meta):
        db_table = "stress_test_scenarios"
        triggers = [*MutableEntity.Meta.triggers, *audited(critical=True)]
        constraints = [
            one_of("stress_test_scenarios", "scenario_type", ScenarioType),
            models.CheckConstraint(
                name="stress_test_scenarios_market_shocks_check",
                condition=Func(F("market_shocks"), function="market_shocks_valid", output_field=models.BooleanField()),
                violation_error_message="Shocks map at least one factor to a number of at least -1.",
            ),
            # Also the list and the seed, by name.
            models.UniqueConstraint(fields=["scenario_name"], name="stress_test_scenarios_scenario_name_uniq"),
        ]

    def __str__(self) -> str:
        return self.scenario_name


class StressTestResult(AppendOnlyEntity):
    """What a scenario does to an account, once per run; amounts in the account's currency."""

    scenario = models.ForeignKey(StressTestScenario, on_delete=models.PROTECT, db_index=False, related_name="results")
    run_id = models.UUIDField(help_text="The same for all accounts and scenarios of one run.")
    account = models.ForeignKey(
        "accounts.Account", on_delete=models.PROTECT, db_index=False, related_name="stress_test_results"
    )
    portfolio_value_before = AmountField()
    portfolio_value_after = AmountField()
    loss_amount = models.GeneratedField(
        expression=F("portfolio_value_before") - F("portfolio_value_after"),
        output_field=AmountField(),
        db_persist=True,
        help_text="Negative: a gain.",
    )
    loss_percentage = models.GeneratedField(
        expression=Case(
            When(
                portfolio_value_before__gt=0,
                then=(F("portfolio_value_before") - F("portfolio_value_after")) * 100 / F("portfolio_value_before"),
            )
        ),
        output_field=DecimalField(max_digits=38, decimal_places=4, null=True),
        db_persist=True,
        help_text="Of the value before; empty where there was none; above 100 leaves a debt.",
    )
    margin_call_triggered = models.BooleanField(db_default=False)
    liquidation_triggered = models.BooleanField(db_default=False)
    positions_closed = models.IntegerField(db_default=0)
    max_drawdown = RatioField(db_default=0, help_text="0.1 = 10 %.")
    passed = models.BooleanField()
    risk_score = ScoreField(db_default=0, help_text="0 (none) to 100.")
    details = MetadataField()

    class Meta(AppendOnlyEntity.Meta):
        db_table = "stress_test_results"
        constraints = [
            not_negative("stress_test_results", "positions_closed"),
            not_negative("stress_test_results", "max_drawdown"),
            between("stress_test_results", "risk_score", 0, 100),
            requires(
                "stress_test_results",
                "liquidation_after_margin_call",
                Q(liquidation_triggered=False) | Q(margin_call_triggered=True),
                "A liquidation is preceded by a margin call.",
            ),
            # Also a run's page: all its results.
            models.UniqueConstraint(fields=["run_id", "scenario", "account"], name="stress_test_results_run_uniq"),
        ]
        indexes = [
            # An account's page: its results, newest first.
            models.Index("account", F("created_at").desc(), name="stress_test_results_acct_idx"),
            # A scenario's page, and the foreign key: its results, newest first.
            models.Index("scenario", F("created_at").desc(), name="stress_test_results_scen_idx"),
            # What the sealer reads.
            BrinIndex(fields=["txid"], name="stress_test_results_txid_idx", autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}: {plain(self.loss_amount)}"
