"""Boxes of forms."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError


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
