from argparse import ArgumentTypeError

import pytest
from django.apps import apps
from django.core.management import get_commands, load_command_class

from config.commands.numbers import finite, not_negative


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e999", "soon", ""])
def test_what_limits_cannot_tell_apart_is_no_number(text: str) -> None:
    for kind in (finite, not_negative):
        with pytest.raises(ArgumentTypeError, match=rf"^{text} is no number"):
            kind(text)
    assert (finite("-1.5"), not_negative("0"), not_negative("1e3")) == (-1.5, 0, 1000)
    with pytest.raises(ArgumentTypeError, match=r"^-1 is no number of 0 or more$"):
        not_negative("-1")


def test_no_option_of_a_command_takes_nan() -> None:
    """`nan < 0` is false: what a limit refuses would get past it."""
    ours = {config.name for config in apps.get_app_configs() if not config.name.startswith("django")}
    actions = [
        (name, action)
        for name, app in get_commands().items()
        if app in ours
        for action in load_command_class(app, name).create_parser("manage.py", name)._actions
    ]
    assert any(action.type is finite for _, action in actions)
    assert [(name, action.dest) for name, action in actions if action.type is float] == []
