"""The history page of every audited row."""

from collections.abc import Sequence
from typing import Any

from django.db import models

from audit.capture.triggers import audited_models
from audit.history import Version, history
from config.backoffice.history import Provider, register


def _is_audited(model: type[models.Model]) -> bool:
    return model._meta.db_table in audited_models()


def _versions(model: type[models.Model], key: Any, newest: int) -> Sequence[Version]:
    return history(model._meta.db_table, key, newest=newest).versions[::-1]


register(Provider(_is_audited, _versions))
