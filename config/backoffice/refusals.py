"""What the database refuses, said in the form: its rules are more than forms know."""

from django import forms
from django.db import DatabaseError, DataError, IntegrityError

#: Rules of rows, triggers, keys and types; anything else is no fault of what was typed.
REFUSALS = (IntegrityError, DataError)


#: What a form says whose row is no longer the one that it shows.
STALE = "Somebody has changed this row since the form was opened: open it anew, so that his change is not undone."


def sentence(error: DatabaseError) -> str:
    """The rule in the words of the database, without the row: that may hold what the reader may not see."""
    words = getattr(getattr(error.__cause__, "diag", None), "message_primary", None) or str(error)
    return f"The database refuses this: {words}"


def refused(form: type[forms.ModelForm], why: str) -> type[forms.ModelForm]:
    """The form as it is shown again: it is not valid, and says why."""

    class Refused(form):  # type: ignore[misc, valid-type]
        def _post_clean(self) -> None:
            super()._post_clean()
            self.add_error(None, why)

    return Refused
