"""`legal_hold`: placed, listed, released by command."""

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from config.commands import Failed, UsageFailed

PLACE = ["--place", "--table", "lp_quotes", "--from", "2024-03-01", "--reason", "Case 7", "--by", "counsel"]


@pytest.fixture
def legal_hold(db: None, capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*arguments: str) -> list[dict[str, Any]]:
        call_command("legal_hold", "--json", *arguments)
        return list(json.loads(capsys.readouterr().out)["holds"])

    return call


def test_a_hold_is_placed_listed_and_released(legal_hold: Any, capsys: pytest.CaptureFixture[str]) -> None:
    (placed,) = legal_hold(*PLACE, "--until", "2024-04-01T02:00+02:00")
    assert (placed["from"], placed["until"]) == ("2024-03-01T00:00:00Z", "2024-04-01T00:00:00Z")
    assert legal_hold() == [placed]
    (released,) = legal_hold("--release", placed["id"], "--reason", "Settled.", "--by", "counsel")
    assert (released["release_reason"], released["released_by"]) == ("Settled.", "counsel")
    assert legal_hold() == []
    assert legal_hold("--all") == [released]
    call_command("legal_hold", "--all")
    assert "lp_quotes" in capsys.readouterr().out


def test_dry_run_places_nothing(legal_hold: Any) -> None:
    assert len(legal_hold(*PLACE, "--dry-run")) == 1
    assert legal_hold() == []


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ([*PLACE, "--table", "orders"], Failed, "orders is not cut by time, so none of it leaves; these are: "),
        ([*PLACE, "--until", "2024-03-01"], Failed, "The period must end after it begins."),
        ([*PLACE, "--by", " "], Failed, "A hold needs a reason and the name"),
        (PLACE[:5], UsageFailed, "Give --reason and --by"),
        (["--place", "--reason", "x", "--by", "y"], UsageFailed, "with --place also --from, and --until"),
        (
            ["--release", "018f0000-0000-7000-8000-000000000000", "--reason", "x", "--by", "y"],
            Failed,
            "There is no hold",
        ),
        ([*PLACE, "--from", "yesterday"], CommandError, "'yesterday' is no time like 2026-03-01"),
        (PLACE[1:], UsageFailed, "This lists holds, and takes no option but --all: add --place, or --release ID."),
    ],
)
def test_what_makes_no_sense_is_refused(
    arguments: list[str], error: type[Exception], sentence: str, legal_hold: Any
) -> None:
    with pytest.raises(error, match=sentence):
        legal_hold(*arguments)
    assert legal_hold("--all") == []
