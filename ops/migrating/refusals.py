"""When the code and the database do not belong together, nothing is run."""

from config.commands import Failed
from ops.migrating.executor import GuardedExecutor
from ops.migrating.history import History, edited_since_applied
from ops.migrating.source import PROJECT_APPS


def refuse_ahead(executor: GuardedExecutor, *, unless_idle: bool = False) -> None:
    """Raise `Failed` when a migration is applied that no file makes: newer code has been here.

    With `unless_idle` that is in order as long as there is nothing to apply: an older server starts again
    while a newer one is being brought out.
    """
    loader = executor.loader
    ahead = sorted(
        f"{app}.{name}"
        for app, name in loader.applied_migrations
        if app in PROJECT_APPS and (app, name) not in loader.disk_migrations
    )
    if ahead and not (unless_idle and not executor.migration_plan(loader.graph.leaf_nodes())):
        raise Failed(
            f"The database is ahead of this code: {', '.join(ahead)} is applied, and no file here makes it."
            " Deploy the newer code, or go on with --allow-ahead."
        )


def refuse_edited(executor: GuardedExecutor, history: History, *, allowed: bool) -> None:
    """Raise `Failed` when an applied migration has been edited since; if that is `allowed`, take it as it is now."""
    edited = edited_since_applied(executor.connection, executor.loader)
    if edited and not allowed:
        names = ", ".join(sorted(str(migration) for migration in edited))
        raise Failed(
            f"Applied migrations were edited: {names}. The database is as they were before; write a new migration"
            " instead, or take them as they are now with --allow-edited."
        )
    history.accept(edited)
