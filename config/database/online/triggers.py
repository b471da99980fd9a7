"""Triggers that change without a moment in which there is none."""

from typing import Any

from django.db import models
from django.db.migrations.operations.base import Operation
from pgtrigger.compiler import Trigger

from config.database.online.base import run


class ReplaceTrigger(Operation):
    """Puts a trigger in the place of the one of that name, by CREATE OR REPLACE.

    django-pgtrigger drops the old one first, which needs the strongest lock; a replacement lets readers pass. It is one
    statement, so it may stand in any migration.
    """

    reduces_to_sql = True
    reversible = True
    rerunnable = True

    def __init__(self, model_name: str, trigger: Trigger) -> None:
        self.model_name, self.trigger = model_name, trigger

    def deconstruct(self) -> Any:
        return type(self).__name__, [], {"model_name": self.model_name, "trigger": self.trigger}

    def state_forwards(self, app_label: str, state: Any) -> None:
        model = state.models[app_label, self.model_name.lower()]
        others = [trigger for trigger in model.options.get("triggers", []) if trigger.name != self.trigger.name]
        model.options["triggers"] = [*others, self.trigger]
        state.reload_model(app_label, self.model_name.lower(), delay=True)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        run(schema_editor, self.trigger.install_sql)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        options: dict[str, Any] = to_state.models[app_label, self.model_name.lower()].options
        (before,) = [trigger for trigger in options["triggers"] if trigger.name == self.trigger.name]
        run(schema_editor, _compiled(before, to_state.apps.get_model(app_label, self.model_name)))

    def describe(self) -> str:
        return f"Replace the trigger {self.trigger.name} of {self.model_name}"


def _compiled(trigger: Any, model: type[models.Model]) -> str:
    compiled = trigger if isinstance(trigger, Trigger) else trigger.compile(model)
    return str(compiled.install_sql)
