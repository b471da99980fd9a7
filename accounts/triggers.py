"""Triggers of the ledger, its accounts and cash requests; their functions are in migrations/sql."""

import pgtrigger

from config.database.roles import OWNER
from config.database.triggers import SharedTrigger


def move_heads() -> SharedTrigger:
    """Each INSERT of entries balances itself, obeys the rules of money, and moves its accounts' heads."""
    return SharedTrigger(
        name="head",
        function="post_entries",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="entries"),
    )


def trading_entry() -> SharedTrigger:
    """What trades and swaps are booked as is booked by them only. The name spares the owner's functions the call."""
    return SharedTrigger(
        name="of_trading",
        function="refuse_trading_entry",
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Condition(
            f"CURRENT_USER <> '{OWNER.name}' AND (NEW.transaction_type IN ('realized_pnl', 'swap')"
            " OR NEW.reference_type IN ('trades', 'positions'))"
        ),
    )


def head_forward() -> SharedTrigger:
    """A balance changes only with a later entry. One that does, as all do, does not pay for the call."""
    return SharedTrigger(
        name="head_forward",
        function="refuse_head_backward",
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("balance", "last_seq"),
        condition=pgtrigger.Condition(
            "NEW.last_seq <= OLD.last_seq AND (OLD.balance <> NEW.balance OR OLD.last_seq <> NEW.last_seq)"
        ),
    )


#: What an account is opened as.
IDENTITY = ("user_id", "account_type", "kind", "currency")
#: What it is worth, and may lose, at the latest marks: none at first, then the database's own to write.
VALUATION = ("equity", "margin_used", "margin_available", "unrealized_pnl", "realized_pnl", "credit")


def account_identity() -> SharedTrigger:
    """Whose an account is and what it is stay. Postings do not name these columns, and do not pay for this."""
    old, new = (", ".join(f"{row}.{column}" for column in IDENTITY) for row in ("OLD", "NEW"))
    return SharedTrigger(
        name="identity",
        function="refuse_account_identity",
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf(*IDENTITY),
        condition=pgtrigger.Condition(f"(({old}) IS DISTINCT FROM ({new}))"),
    )


def account_opened() -> SharedTrigger:
    """A new account is worth nothing."""
    # What must not be negative is left to its CHECK.
    valued = " OR ".join(
        f"NEW.{column} {'>' if column in ('margin_used', 'credit') else '<>'} 0" for column in VALUATION
    )
    return SharedTrigger(
        name="opened",
        function="refuse_valued_account",
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Condition(f"({valued} OR NEW.margin_level IS NOT NULL)"),
    )


def account_created() -> SharedTrigger:
    """The first event of an account."""
    return SharedTrigger(
        name="created",
        function="record_account_created",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
    )


#: What makes an event when it changes. Valuations and the ledger's head change all the time and are none.
RECORDED = (
    "is_locked",
    "is_active",
    "deleted_at",
    "leverage",
    "max_leverage",
    "credit",
    "user_id",
    "account_number",
    "account_type",
    "kind",
    "oms_type",
    "currency",
    "broker_id",
    "group_name",
    "locked_reason",
)


def account_changed() -> SharedTrigger:
    """An event for each change of an account's state or settings. Postings do not name these columns."""
    old, new = (", ".join(f"{row}.{column}" for column in RECORDED) for row in ("OLD", "NEW"))
    return SharedTrigger(
        name="changed",
        function="record_account_changed",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.UpdateOf(*RECORDED),
        condition=pgtrigger.Condition(f"(({old}) IS DISTINCT FROM ({new}))"),
    )


def currency_exponent() -> SharedTrigger:
    """What money is rounded to stays once somebody counts in it."""
    return SharedTrigger(
        name="exponent",
        function="check_currency_exponent",
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("exponent"),
        condition=pgtrigger.Condition("OLD.exponent <> NEW.exponent"),
    )


def role_grant() -> SharedTrigger:
    """A role of the back office is granted by somebody who may."""
    return SharedTrigger(
        name="grant",
        function="check_role_grant",
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        condition=pgtrigger.Condition(f"CURRENT_USER <> '{OWNER.name}'"),
    )


def user_rights() -> SharedTrigger:
    """Nobody becomes staff or superuser but by somebody who may make him one."""
    return SharedTrigger(
        name="rights",
        function="check_user_rights",
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("is_staff", "is_superuser"),
        condition=pgtrigger.Condition(f"((NEW.is_staff OR NEW.is_superuser) AND CURRENT_USER <> '{OWNER.name}')"),
    )


def guard_request() -> list[SharedTrigger]:
    """A cash request is born pending, goes its way and stays."""
    return [
        SharedTrigger(
            name="born_pending",
            function="check_new_cash_request",
            level=pgtrigger.Row,
            when=pgtrigger.Before,
            operation=pgtrigger.Insert,
        ),
        SharedTrigger(
            name="state",
            function="check_cash_request",
            level=pgtrigger.Row,
            when=pgtrigger.Before,
            operation=pgtrigger.Update | pgtrigger.Delete,
        ),
    ]


def user_changed() -> SharedTrigger:
    """What changes a person's access, profile or identity is in the logs of users and of compliance."""
    return SharedTrigger(
        name="activity",
        function="record_user_activity",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Update,
    )


def key_changed() -> list[SharedTrigger]:
    """A key that is made or revoked is its user's activity."""
    return [
        SharedTrigger(
            name="created",
            function="record_key_activity",
            level=pgtrigger.Row,
            when=pgtrigger.After,
            operation=pgtrigger.Insert,
        ),
        SharedTrigger(
            name="revoked",
            function="record_key_activity",
            level=pgtrigger.Row,
            when=pgtrigger.After,
            operation=pgtrigger.Update,
            condition=pgtrigger.Condition("OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL"),
        ),
    ]
