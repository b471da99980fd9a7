"""Boxes of forms."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import time
from typing import Any

from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminSplitDateTimeWidget, UnfoldAdminTimeWidget


class KeySelect(AutocompleteSelect):
    """Looks up what is chosen. What is no key at all is left out: Django would look that up, too, and fail.

    The field has refused it by then, or it came with the address of an empty form.
    """

    def optgroups(self, name: str, value: Sequence[str], attr: Any = None) -> Any:
        return super().optgroups(name, [each for each in value if self._is_key(each)], attr)

    def _is_key(self, text: str) -> bool:
        if "\0" in text:
            return False
        with suppress(ValidationError):
            self.field.target_field.to_python(text)
            return True
        return False


class ExactTimeBox(UnfoldAdminTimeWidget):
    """Shows the microseconds of a time that has some."""

    def format_value(self, value: Any) -> str | None:
        if isinstance(value, time) and value.microsecond:
            return value.isoformat()
        text: str | None = super().format_value(value)
        return text


class ExactDateTimeBoxes(UnfoldAdminSplitDateTimeWidget):
    """Saves a time as it was shown; Django's boxes would cut its microseconds off.

    A period would end before the next one begins, or begin while the one before lasts.
    """

    supports_microseconds = True

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.widgets[1] = ExactTimeBox(attrs={"placeholder": self.widgets[1].attrs["placeholder"]})
