"""Which migrations a command is pointed at, by the names that were typed."""

from django.db.migrations.exceptions import AmbiguityError
from django.db.migrations.loader import MigrationLoader

from config.commands import UsageFailed

Key = tuple[str, str | None]


def find_targets(loader: MigrationLoader, app: str | None, name: str | None) -> list[Key]:
    """The migrations to go to: the last ones, those of an `app`, or the one whose name begins with `name`.

    None instead of a name goes back to before the app's first migration (`zero`). Raises `UsageFailed` for names that
    are none.
    """
    if not app:
        return list(loader.graph.leaf_nodes())
    if app not in loader.migrated_apps:
        raise UsageFailed(f"There is no app {app} with migrations, only {', '.join(sorted(loader.migrated_apps))}.")
    if not name:
        return list(loader.graph.leaf_nodes(app))
    if name == "zero":
        return [(app, None)]
    try:
        return [(app, loader.get_migration_by_prefix(app, name).name)]
    except KeyError as error:
        raise UsageFailed(f"{app} has no migration {name}: showmigrations {app} lists them.") from error
    except AmbiguityError as error:
        raise UsageFailed(f"Several migrations of {app} begin with {name}: give more of its name.") from error
