"""What docs/OPERATIONS.md gives to systemd and cron is taken by them, and calls commands that there are."""

import re
import shlex
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest
from django.core.management import load_command_class

PROJECT = Path(__file__).parents[3]
TEXT = (PROJECT / "docs/OPERATIONS.md").read_text()
PYTHON = "/srv/trading/.venv/bin/python"


def units() -> dict[str, str]:
    """The files of systemd in the document: their names stand before them, in prose or as a comment."""
    found = re.findall(r"`/etc/systemd/system/(trading-[a-z.-]+)`[^\n]*:\n\n```ini\n(.*?)```", TEXT, re.DOTALL)
    found += re.findall(r"^# /etc/systemd/system/([a-z.-]+)\n(.*?)(?=^# /etc|^```)", TEXT, re.DOTALL | re.MULTILINE)
    return dict(found)


def cron_lines() -> list[tuple[str, str]]:
    """Each line of a crontab in the document: its five times and the command; those of /etc/cron.d name a user."""
    lines = re.findall(r"^((?:[0-9*,/-]+ +){5}) *(?:trading )?(cd /srv/trading .+)$", TEXT, re.MULTILINE)
    return [*lines, *re.findall(r"in a crontab: `((?:[0-9*,/-]+ +){5}) *(cd .+?)`", TEXT)]


def calls() -> list[str]:
    """The arguments of manage.py in every line."""
    started = re.findall(r"^Exec\w+=(.+)$", "".join(units().values()), re.MULTILINE)
    return [line.removeprefix(f"{PYTHON} manage.py ") for line in started] + [
        call for _, command in cron_lines() for call in re.findall(r"\.venv/bin/python manage\.py ([^&>]+)", command)
    ]


def test_the_document_has_them() -> None:
    assert set(units()) == {
        "trading-backup.service", "trading-backup.timer", "seal-audit.service", "seal-audit.timer",
    }  # fmt: skip
    assert len(cron_lines()) == 5
    assert len(calls()) == 12


@pytest.mark.parametrize("call", calls())
def test_a_command_takes_its_options(call: str) -> None:
    name, *arguments = shlex.split(call)
    apps = {"seal_audit": "audit"}
    parser = load_command_class(apps.get(name, "ops"), name).create_parser("manage.py", name)
    parser.parse_args(arguments)  # exits where it does not know one


def test_a_cron_line_is_whole_for_cron() -> None:
    for times, command in cron_lines():
        assert len(times.split()) == 5
        # Cron takes it for the end of the line.
        assert "%" not in command
        assert subprocess.run(["sh", "-n", "-c", command], check=False).returncode == 0


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    for name, text in units().items():
        # Whether the program is there is asked, too; nothing is run.
        (tmp_path / name).write_text(text.replace(PYTHON, sys.executable))
    verified = subprocess.run(
        ["systemd-analyze", "verify", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (verified.returncode, verified.stderr) == (0, "")


def test_each_timer_starts_a_service() -> None:
    for name, text in units().items():
        parser = ConfigParser(strict=False, interpolation=None)
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        parser.read_string(text)
        if name.endswith(".timer"):
            assert name.replace(".timer", ".service") in units()
            assert parser["Timer"]["OnCalendar"]
            assert parser["Install"]["WantedBy"] == "timers.target"
        else:
            assert parser["Service"]["Type"] == "oneshot"
            assert parser["Service"]["WorkingDirectory"] == "/srv/trading"
