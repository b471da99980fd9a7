"""Rules for every migration, whether its tables are in use or not."""

import ast
import re
from collections.abc import Iterator

from django.db.migrations import RunPython, RunSQL
from django.db.migrations.operations.base import Operation

from ops.migrating.lint.subject import Finding, Subject

_CONTROL = re.compile(
    r"(BEGIN|START TRANSACTION|PREPARE TRANSACTION|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE)\b", re.IGNORECASE
)
_SETTING = re.compile(
    r"(SET (?!LOCAL\b|CONSTRAINTS\b)|RESET )(SESSION )?\w+|SET LOCAL \w+_timeout\b|SELECT (pg_catalog\.)?set_config\b",
    re.IGNORECASE,
)
_CONCURRENTLY = re.compile(r"[^']*\bCONCURRENTLY\b", re.IGNORECASE)
_DROP_TRIGGER = re.compile(r"DROP TRIGGER (IF EXISTS )?\"?(?P<name>\w+)", re.IGNORECASE)
_CREATE_TRIGGER = re.compile(r"CREATE (OR REPLACE )?(CONSTRAINT )?TRIGGER \"?(?P<name>\w+)", re.IGNORECASE)
_DISABLE = re.compile(
    r"ALTER TABLE .* (DISABLE|ENABLE REPLICA) TRIGGER|SET (LOCAL |SESSION )?session_replication_role\b", re.IGNORECASE
)


def no_reverse(subject: Subject) -> Iterator[Finding]:
    """Every step can be taken back."""
    for operation in subject.all_operations():
        if isinstance(operation, RunSQL | RunPython) and not operation.reversible:
            yield _finding(
                subject, "no-reverse", f"{_name(operation)} cannot be reversed: say how, if need be as a no-op."
            )


def not_rerunnable(subject: Subject) -> Iterator[Finding]:
    """Without a transaction, each operation must be able to follow upon its own half-done work."""
    if subject.atomic:
        return
    for operation in subject.operations:
        if not getattr(operation, "rerunnable", False):
            yield _finding(
                subject,
                "not-rerunnable",
                f"{_name(operation)} does not survive a kill in a migration without a transaction: use an operation of"
                " config.database.online, or a migration of its own.",
            )


def concurrently_in_transaction(subject: Subject) -> Iterator[Finding]:
    """PostgreSQL refuses it."""
    if subject.atomic:
        for statement in subject.statements:
            if _CONCURRENTLY.match(statement.split("$", 1)[0]):
                yield _finding(
                    subject,
                    "concurrently-in-transaction",
                    "CONCURRENTLY needs a migration with atomic = False.",
                    statement,
                )


def transaction_control(subject: Subject) -> Iterator[Finding]:
    """A migration and its record commit together, and nobody commits in between."""
    for statement in subject.statements:
        if _CONTROL.match(statement):
            yield _finding(
                subject, "transaction-control", "A migration does not begin or end transactions itself.", statement
            )


def session_setting(subject: Subject) -> Iterator[Finding]:
    """The time-outs that protect others are the session's."""
    for statement in subject.statements:
        if _SETTING.match(statement):
            yield _finding(
                subject,
                "session-setting",
                "A setting outlives the migration: use SET LOCAL, and leave time-outs.",
                statement,
            )


def trigger_gap(subject: Subject) -> Iterator[Finding]:
    """A trigger that is dropped to be made anew needs the strongest lock, or leaves a gap."""
    dropped = {match["name"]: text for text in subject.statements if (match := _DROP_TRIGGER.match(text))}
    for statement in subject.statements:
        match = _CREATE_TRIGGER.match(statement)
        if match and match["name"] in dropped:
            yield _finding(
                subject,
                "trigger-gap",
                "Replace a trigger by ReplaceTrigger or CREATE OR REPLACE.",
                dropped[match["name"]],
            )


def trigger_off(subject: Subject) -> Iterator[Finding]:
    """What the database refuses, it refuses during migrations too."""
    for statement in subject.statements:
        if _DISABLE.match(statement):
            yield _finding(subject, "trigger-off", "A disabled trigger lets everybody past its rule.", statement)


def imports_models(subject: Subject) -> Iterator[Finding]:
    """Models change; a migration works with those of its own time (`apps.get_model`)."""
    if not subject.source:
        return
    for node in ast.walk(ast.parse(subject.source)):
        if isinstance(node, ast.ImportFrom) and re.fullmatch(r"\w+\.models(\.\w+)*", node.module or ""):
            module = str(node.module)
            if not module.startswith(("django.", "psqlextra.")):
                yield _finding(subject, "imports-models", f"It imports {module}: use apps.get_model instead.")


def _name(operation: Operation) -> str:
    return type(operation).__name__


def _finding(subject: Subject, rule: str, sentence: str, statement: str = "") -> Finding:
    return Finding(subject.label, rule, sentence, statement)


RULES = (
    no_reverse,
    not_rerunnable,
    concurrently_in_transaction,
    transaction_control,
    session_setting,
    trigger_gap,
    trigger_off,
    imports_models,
)
