"""Which settings a command runs with."""

import os
from contextlib import suppress

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError, CommandParser, handle_default_options


def load_settings(argv: list[str]) -> None:
    """Load those that `--settings`, the environment or `.env` names, else those of development.

    Django's own commands load them before they read `--settings`, once more than they can be loaded.
    """
    from config.settings import environment  # noqa: F401 - reads .env, or says why it cannot

    parser = CommandParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--settings")
    parser.add_argument("--pythonpath")
    with suppress(CommandError):  # the command says it better
        handle_default_options(parser.parse_known_args(argv[1:])[0])
    name = os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    try:
        settings.INSTALLED_APPS  # noqa: B018 - reading one setting loads them all, and finds what is wrong
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        raise ImproperlyConfigured(
            f"There are no settings {name}: name config.settings.dev or config.settings.production"
            " in DJANGO_SETTINGS_MODULE or --settings."
        ) from error
