"""Triggers of the ledger, its accounts and cash requests; their functions are in migrations/sql."""

import pgtrigger

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


def head_forward() -> SharedTrigger:
    """A balance changes only with a later entry."""
    return SharedTrigger(
        name="head_forward",
        function="refuse_head_backward",
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=pgtrigger.Condition("OLD.balance <> NEW.balance OR OLD.last_seq <> NEW.last_seq"),
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
    """An event for each change of an account's state or settings."""
    old, new = (", ".join(f"{row}.{column}" for column in RECORDED) for row in ("OLD", "NEW"))
    return SharedTrigger(
        name="changed",
        function="record_account_changed",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        condition=pgtrigger.Condition(f"(({old}) IS DISTINCT FROM ({new}))"),
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
