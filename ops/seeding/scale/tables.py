"""The tables that are loaded, in the order that their foreign keys ask for, with the columns that are written.

Identity and generated columns, and defaults that fit, are left to the database.
"""

from typing import NamedTuple


class Table(NamedTuple):
    name: str
    columns: str

    @property
    def copy(self) -> str:
        return f"COPY {self.name} ({self.columns}) FROM STDIN"


USERS = Table(
    "users",
    "id, created_at, updated_at, email, username, password_hash, first_name, last_name, country_code, kyc_status,"
    " kyc_level, is_verified",
)
USER_ROLES = Table("user_roles", "id, created_at, updated_at, user_id, role, granted_at, granted_by_id")
CLIENT_CLASSIFICATIONS = Table(
    "client_classifications", "id, created_at, updated_at, user_id, regime, class, valid_from"
)
ACCOUNTS = Table(
    "accounts",
    "id, created_at, updated_at, user_id, account_number, account_type, kind, oms_type, currency, leverage,"
    " max_leverage, group_name",
)
CLIENT_PROFILES = Table(
    "client_profiles",
    "id, created_at, updated_at, user_id, account_id, profile_type, trading_style, toxicity_score,"
    " profitability_score, abook_percentage, bbook_percentage, preferred_instruments",
)
ORDERS = Table(
    "orders",
    "id, created_at, updated_at, account_id, user_id, client_order_id, instrument_id, order_type, side, quantity,"
    " filled_quantity, price, stop_price, limit_price, trailing_distance, filled_notional, status, time_in_force,"
    " good_till_date, execution_type, routing_decision, take_profit, stop_loss, is_reduce_only, commission,"
    " commission_currency, slippage, reject_reason, liquidity_provider_id, lp_order_id, parent_order_id, received_at,"
    " submitted_at, filled_at, canceled_at, expired_at, decision_maker, executor, event_seq",
)
POSITIONS = Table(
    "positions",
    "id, created_at, updated_at, account_id, user_id, oms_type, instrument_id, side, quantity, entry_price,"
    " current_price, mark_price, average_price, margin_required, unrealized_pnl, realized_pnl, commission_paid,"
    " swap_charges, stop_loss, take_profit, is_open, open_time, close_time, last_seq",
)
ORDER_FILLS = Table(
    "order_fills",
    "id, created_at, order_id, fill_price, fill_quantity, fill_commission, commission_currency, liquidity_type, venue,"
    " execution_id, executed_at",
)
TRADES = Table(
    "trades",
    "id, created_at, account_id, user_id, position_id, order_id, fill_id, instrument_id, side, quantity, price,"
    " contract_size, commission, swap, pnl, execution_type, liquidity_type, liquidity_provider_id, venue, execution_id,"
    " position_effect, executed_at",
)
ORDER_AUDIT = Table(
    "order_audit",
    "order_id, seq, event_type, exec_type, previous_status, new_status, data, triggered_by, reason,"
    " liquidity_provider_id, venue, created_at",
)
POSITION_AUDIT = Table(
    "position_audit",
    "position_id, seq, event_type, trade_id, quantity_before, quantity_after, price, triggered_by, created_at",
)
LP_ORDER_ROUTING = Table(
    "lp_order_routing",
    "id, created_at, updated_at, order_id, provider_id, routing_decision, rule_id, capacity, quantity, routing_score,"
    " routing_reason, expected_fill_price, actual_fill_price, slippage, routing_latency_ms, execution_latency_ms,"
    " success, error_message, routed_at, acknowledged_at, executed_at",
)
JOURNALS = Table("journals", "id, created_at, kind, idempotency_key, description")
ACCOUNT_TRANSACTIONS = Table(
    "account_transactions",
    "created_at, journal_id, account_id, currency, seq, transaction_type, amount, balance_before, balance_after,"
    " reference_type, reference_id, processed_at",
)
INSTRUMENT_MARKS = Table("instrument_marks", "instrument_id, marked_at, mid, bid, ask, source, created_at")
LP_QUOTES = Table(
    "lp_quotes",
    "quoted_at, received_at, sequence_number, provider_id, instrument_id, is_stale, bid, ask, bid_size, ask_size",
)

#: The results of their triggers are loaded as well: heads and events of chains, what is filled of orders.
LOADED_PAST_TRIGGERS = [ACCOUNTS, JOURNALS, ACCOUNT_TRANSACTIONS, ORDERS, ORDER_FILLS, ORDER_AUDIT]

CLIENT_TABLES = [USERS, USER_ROLES, CLIENT_CLASSIFICATIONS, ACCOUNTS, CLIENT_PROFILES, JOURNALS, ACCOUNT_TRANSACTIONS]
TRADING_TABLES = [
    ORDERS,
    POSITIONS,
    ORDER_FILLS,
    TRADES,
    ORDER_AUDIT,
    POSITION_AUDIT,
    LP_ORDER_ROUTING,
    JOURNALS,
    ACCOUNT_TRANSACTIONS,
]
