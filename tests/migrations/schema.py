"""The schema as it must be: every table, its kind, how it is cut. Kept by hand: a change is a decision."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Table:
    """A table: `append_only` rows never change but for `amendable` columns; `key` and `interval` cut it.

    The application changes all columns of other tables but the `guarded` ones, which only functions of the owner write;
    where it may `insert_only`, they write what follows.
    """

    app: str
    append_only: bool = False
    amendable: frozenset[str] = frozenset()
    guarded: frozenset[str] = frozenset()
    insert_only: bool = False
    readable_only: bool = False
    key: str = ""
    interval: str = ""
    premake: int = 0


def log(app: str, **options: Any) -> Table:
    return Table(app, append_only=True, **options)


MONTHLY = {"interval": "month", "premake": 3}
WEEKLY = {"interval": "week", "premake": 13}
DAILY = {"interval": "day", "premake": 35}
RESOLUTION = frozenset({"resolved_at", "resolved_by_id", "resolution_note"})
#: Of a position; its holder sets them.
EXITS = frozenset({"stop_loss", "take_profit", "trailing_stop"})
#: Of an account: its ledger's head and its valuation, and what never changes.
KEPT_OF_ACCOUNT = frozenset(
    {
        "id",
        "created_at",
        "balance",
        "last_seq",
        "head_seq",
        "equity",
        "margin_used",
        "margin_available",
        "margin_level",
        "unrealized_pnl",
        "realized_pnl",
        "credit",
    }
)
#: Of an order; the last two are generated.
MOVED_BY_FILLS = frozenset(
    {
        "filled_quantity",
        "filled_notional",
        "commission",
        "commission_currency",
        "remaining_quantity",
        "average_fill_price",
    }
)

TABLES = {
    "users": Table("accounts"),
    "user_roles": Table("accounts"),
    "user_sessions": Table("accounts"),
    "api_keys": Table("accounts"),
    "client_identities": Table("accounts"),
    "client_classifications": Table("accounts"),
    "currencies": Table("accounts"),
    "accounts": Table("accounts", guarded=KEPT_OF_ACCOUNT),
    "journals": log("accounts"),
    "account_transactions": log("accounts"),
    "cash_requests": Table("accounts"),
    "account_audit": log("accounts", readable_only=True),
    "instruments": Table("trading"),
    "instrument_sessions": Table("trading"),
    "instrument_marks": log("trading", key="marked_at", **MONTHLY),
    "orders": Table("trading", guarded=MOVED_BY_FILLS | frozenset({"event_seq"})),
    "order_change_requests": Table("trading", insert_only=True),
    "order_status_transitions": Table("trading", readable_only=True),
    "order_fills": log("trading", readable_only=True),
    "order_audit": log("trading", readable_only=True),
    "positions": Table("trading", readable_only=True, amendable=EXITS | frozenset({"metadata"})),
    "position_audit": log("trading", readable_only=True),
    "trades": log("trading", readable_only=True),
    "fee_schedules": Table("trading"),
    "corporate_actions": Table("trading"),
    "liquidity_providers": Table("liquidity"),
    "lp_instruments": Table("liquidity"),
    "lp_quotes": log("liquidity", key="quoted_at", **DAILY),
    "lp_order_routing": Table("liquidity"),
    "lp_performance_metrics": Table("liquidity"),
    "lp_exposure": Table("liquidity"),
    "sor_rules": Table("liquidity"),
    "client_profiles": Table("liquidity"),
    "risk_limits": Table("risk"),
    "risk_limit_breaches": log("risk", amendable=RESOLUTION),
    "leverage_caps": Table("risk"),
    "margin_rates": Table("risk"),
    "margin_requirements": Table("risk"),
    "margin_calls": Table("risk"),
    "position_risk_metrics": log("risk", key="calculated_at", **WEEKLY),
    "portfolio_risk": log("risk", key="time_bucket", **WEEKLY),
    "circuit_breakers": Table("risk"),
    "circuit_breaker_events": log("risk"),
    "risk_alerts": Table("risk"),
    "stress_test_scenarios": Table("risk"),
    "stress_test_results": log("risk"),
    "audit_contexts": log("audit", readable_only=True, key="created_at", **MONTHLY),
    "audit_layouts": log("audit", readable_only=True),
    "audit_log": log("audit", readable_only=True, key="created_at", **MONTHLY),
    "audit_row_hashes": log("audit", readable_only=True, key="created_at", **MONTHLY),
    "audit_seals": log("audit", readable_only=True),
    "audit_seal_chunks": log("audit", readable_only=True),
    "legal_holds": log("audit", amendable=frozenset({"released_at", "released_by", "release_reason"})),
    "partition_departures": log("audit", readable_only=True),
    "user_activity_log": log("audit", key="created_at", **MONTHLY),
    "risk_events": log("audit"),
    "compliance_events": log("audit"),
    "system_events": log("audit", key="created_at", **MONTHLY),
    "api_access_log": log("audit", key="created_at", **MONTHLY),
    "migration_runs": Table("ops", readable_only=True),
    "migration_steps": log("ops", readable_only=True),
}

APPEND_ONLY = sorted(name for name, table in TABLES.items() if table.append_only)
PARTITIONED = sorted(name for name, table in TABLES.items() if table.key)
SOFT_DELETED = ["accounts", "instruments", "liquidity_providers", "users"]

#: Written so often that every index is felt.
HOT = [
    "account_transactions",
    "audit_contexts",
    "audit_log",
    "lp_order_routing",
    "lp_quotes",
    "order_fills",
    "orders",
    "positions",
    "trades",
]

#: Columns that only the application reads.
SECRET = {
    "api_keys": {"key_hash"},
    "client_identities": {"national_id"},
    "liquidity_providers": {"api_key", "api_secret"},
    "users": {"password_hash", "two_factor_secret"},
}

#: Room in the pages of tables whose rows change all the time, in percent filled.
FILL_FACTORS = {
    "accounts": (50, 70),
    "positions": (50, 70),
    "orders": (85, 90),
    "margin_requirements": (50, 90),
}

#: Skewed columns, of which the default sample tells too little.
STATISTICS = {("orders", "instrument_id"), ("orders", "status"), ("trades", "instrument_id")}
