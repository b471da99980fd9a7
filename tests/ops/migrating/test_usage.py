"""Wrong arguments: one clear sentence and exit code 2, before anything has happened."""

import pytest

from config.commands import entry
from tests.databases import Database

#: The command line, and how the sentence begins.
WRONG = [
    ("migrate nosuch", "There is no app nosuch with migrations, only accounts, "),
    ("migrate staticfiles", "There is no app staticfiles with migrations, only accounts, "),
    ("migrate trading nosuch", "trading has no migration nosuch: showmigrations trading lists them."),
    ("migrate trading 00", "Several migrations of trading begin with 00: give more of its name."),
    ("migrate trading nosuch --dry-run", "trading has no migration nosuch"),
    ("migrate trading nosuch --plan", "trading has no migration nosuch"),
    ("migrate --prune", "--prune goes with an app: name the one whose records are to go."),
    ("migrate trading --run-syncdb", "--run-syncdb is for apps without migrations, and trading has some."),
    ("migrate --json", "--json goes with --dry-run; "),
    ("migrate --plan --json", "--json goes with --dry-run; "),
    ("migrate trading zero --dry-run --fake", "--fake does not go with --dry-run, which "),
    ("migrate --dry-run --fake-initial", "--fake-initial does not go with --dry-run, which "),
    ("migrate trading --dry-run --prune", "--prune does not go with --dry-run, which "),
    ("migrate --dry-run --run-syncdb", "--run-syncdb does not go with --dry-run, which "),
    ("showmigrations nosuch", "No installed app with label 'nosuch'."),
    ("showmigrations --timing nosuch", "No installed app with label 'nosuch'."),
    ("showmigrations --json", "--json goes with --timing."),
    ("showmigrations --timing --plan", "--plan and --timing are two views: give one of them."),
    ("migrate_rehearse nosuch", "There is no app nosuch with migrations, only accounts, "),
    ("migrate_rehearse trading nosuch", "trading has no migration nosuch: showmigrations trading lists them."),
    ("migrate_rehearse trading 00", "Several migrations of trading begin with 00: give more of its name."),
    ("migrate_rehearse --json --markdown", "--markdown and --json are two forms of the same: give one of them."),
    ("migrate_rehearse --from-backup nosuch", "There is no backup nosuch in "),
    ("lint_migrations --keep /dev/null/sql", "/dev/null/sql cannot be made (Not a directory): name another folder."),
]
#: What argparse refuses: the command line, and the end of its last line.
NOT_PARSED = [
    ("migrate trading 0001 more", "unrecognized arguments: more"),
    ("migrate --nosuch", "unrecognized arguments: --nosuch"),
    ("migrate --database nosuch", "invalid choice: 'nosuch' (choose from 'default')"),
    *(
        (f"{command} {option}={value}", f"argument {option}: {value} is no number of 0 or more")
        for command, option in (
            ("migrate", "--lock-wait"),
            ("migrate", "--max-retry-time"),
            ("migrate_repair", "--lock-wait"),
            ("migrate_repair", "--max-retry-time"),
            ("migrate_baseline", "--lock-wait"),
            ("migrate_rehearse", "--max-stall"),
            ("partitions", "--lock-wait"),
        )
        for value in ("-1", "nan", "soon")
    ),
    ("showmigrations --list --plan", "argument --plan/-p: not allowed with argument --list/-l"),
    ("migrate_repair more", "unrecognized arguments: more"),
    ("migrate_baseline more", "unrecognized arguments: more"),
    ("check_schema more", "unrecognized arguments: more"),
    ("check_schema --ignore", "argument --ignore: expected one argument"),
]
STATE = "SELECT (SELECT count(*) FROM django_migrations), (SELECT count(*) FROM migration_runs)"


def ended(command: str) -> int:
    """The exit code of a command line."""
    try:
        return entry.run(["manage.py", *command.split()])
    except SystemExit as end:
        return int(str(end.code))


def test_arguments_that_do_not_fit_are_one_sentence(
    live_database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    live_database.rows("INSERT INTO django_migrations (app, name, applied) VALUES ('trading', '9999_later', now())")
    before = live_database.rows(STATE)
    for command, sentence in WRONG:
        code, (output, errors) = ended(command), capsys.readouterr()
        assert (command, code, output) == (command, 2, "")
        assert errors.startswith(sentence), command
        assert (command, errors.count("\n")) == (command, 1)
    assert live_database.rows(STATE) == before


@pytest.mark.parametrize(("command", "end"), NOT_PARSED)
def test_arguments_that_are_none_are_refused_by_the_parser(
    command: str, end: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(command) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.strip().endswith(end)
