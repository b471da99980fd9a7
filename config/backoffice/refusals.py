"""What the database refuses, said in the form: its rules are more than forms know."""

from contextlib import suppress
from functools import cache

from django import forms
from django.apps import apps
from django.db import DatabaseError, DataError, IntegrityError, models, transaction

#: Rules of rows, triggers, keys and types; anything else is no fault of what was typed.
REFUSALS = (IntegrityError, DataError)


#: What a form says whose row is no longer the one that it shows.
STALE = "Somebody has changed this row since the form was opened: open it anew, so that his change is not undone."


def sentence(error: DatabaseError) -> str:
    """The rule in words, its own or the database's, without the row: that may hold what the reader may not see."""
    diag = getattr(error.__cause__, "diag", None)
    rule = _rules().get(getattr(diag, "constraint_name", None) or "")
    return f"The database refuses this: {rule or getattr(diag, 'message_primary', None) or error}"


@cache
def _rules() -> dict[str, str]:
    """What a form says of each CHECK, with the table, which need not be the one of the form."""
    return {
        rule.name: f"{model._meta.verbose_name}: {rule.violation_error_message}"
        for model in apps.get_models()
        for rule in model._meta.constraints
        if isinstance(rule, models.CheckConstraint)
    }


def refused(form: type[forms.ModelForm], why: str) -> type[forms.ModelForm]:
    """The form as it is shown again: it is not valid, and says why."""

    class Refused(form):  # type: ignore[misc, valid-type]
        def _post_clean(self) -> None:
            # What was refused may be a rule that is looked at before anything is saved, and is so again.
            with suppress(*REFUSALS), transaction.atomic():
                super()._post_clean()
            self.add_error(None, why)

    return Refused
