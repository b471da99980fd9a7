"""Calculated risk."""

from django.contrib import admin

from config.backoffice.admin import LogAdmin
from risk.models import PortfolioRisk, PositionRiskMetric


@admin.register(PositionRiskMetric)
class PositionRiskMetricAdmin(LogAdmin):
    list_display = [
        "calculated_at",
        "position_id",
        "value_at_risk",
        "conditional_value_at_risk",
        "volatility",
        "distance_to_liquidation",
        "risk_score",
    ]
    search_fields = ["position__account__account_number__exact"]


@admin.register(PortfolioRisk)
class PortfolioRiskAdmin(LogAdmin):
    list_display = [
        "time_bucket",
        "account",
        "gross_exposure",
        "net_exposure",
        "value_at_risk",
        "leverage",
        "open_positions",
        "risk_score",
    ]
    search_fields = ["account__account_number__exact"]
    list_select_related = ["account"]
