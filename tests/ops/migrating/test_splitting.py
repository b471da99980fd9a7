"""Where one statement ends and the next begins."""

import re

import pytest

from ops.migrating.splitting import plain_statements, statements
from tests.databases import PROJECT


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("SELECT 1; SELECT 2;", ["SELECT 1", "SELECT 2"]),
        ("SELECT 1", ["SELECT 1"]),
        (" ; ;\n-- nothing;\n", []),
        (
            "SELECT ';', \"a;b\", E'it\\'s;', 'it''s;'; SELECT 2",
            ["SELECT ';', \"a;b\", E'it\\'s;', 'it''s;'", "SELECT 2"],
        ),
        ("-- why;\n/* and; */ SELECT 1 -- so;\n; SELECT 2", ["SELECT 1 -- so;", "SELECT 2"]),
        ("DO $$ BEGIN PERFORM 1; END $$; SELECT 2", ["DO $$ BEGIN PERFORM 1; END $$", "SELECT 2"]),
        ("DO $a$ BEGIN PERFORM $$;$$; END $a$; SELECT $1", ["DO $a$ BEGIN PERFORM $$;$$; END $a$", "SELECT $1"]),
        (
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3",
            [
                "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END",
                "SELECT 3",
            ],
        ),
    ],
)
def test_only_a_semicolon_of_its_own_ends_a_statement(script: str, expected: list[str]) -> None:
    assert list(statements(script)) == expected


def test_a_plain_statement_has_neither_comments_nor_lines_of_its_own() -> None:
    script = "/* a */ SELECT  1, -- b;\n 'c  -- d', $$ e\n -- f $$ /* g */\n  AS h; SELECT\n2"
    assert list(plain_statements(script)) == ["SELECT 1, 'c  -- d', $$ e\n -- f $$ AS h", "SELECT 2"]


def test_nothing_of_the_project_s_own_files_is_lost() -> None:
    files = sorted(path for path in PROJECT.rglob("migrations/sql/*.sql") if ".venv" not in path.parts)
    assert len(files) > 70
    for file in files:
        script = file.read_text(encoding="utf-8")
        position = 0
        for piece in statements(script):
            found = script.find(piece, position)
            # Nothing but comments, blanks and semicolons lies between two statements.
            assert re.fullmatch(r"(\s|;|--[^\n]*\n?|/\*.*?\*/)*", script[position:found], re.DOTALL), file
            position = found + len(piece)
