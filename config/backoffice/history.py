"""Where the pages of rows get their history from: an app above registers what it knows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models


@dataclass(frozen=True)
class Provider:
    """`knows` a model, and gives the newest versions of one of its rows, so many at most."""

    knows: Callable[[type[models.Model]], bool]
    versions: Callable[[type[models.Model], Any, int], Sequence[Any]]


_providers: list[Provider] = []


def register(provider: Provider) -> None:
    """Let `provider` answer for the models that it knows."""
    _providers.append(provider)


def has_history(model: type[models.Model]) -> bool:
    """Whether anybody keeps the versions of the model's rows."""
    return any(provider.knows(model) for provider in _providers)


def versions_of(model: type[models.Model], key: Any, newest: int) -> Sequence[Any]:
    """The `newest` versions of a row, newest first. Raises `LookupError` for a model without a history."""
    for provider in _providers:
        if provider.knows(model):
            return provider.versions(model, key, newest)
    raise LookupError(f"{model._meta.label} has no history.")
