"""A script of SQL as its statements."""

import re
from collections.abc import Iterator

#: What nothing inside of means anything.
_OPAQUE = r"""
    (?P<dollar>\$(?:[A-Za-z_]\w*)?\$) .*? (?P=dollar)
    | [eE]'(?:\\.|''|[^'\\])*'
    | '(?:''|[^'])*'
    | "(?:""|[^"])*"
"""
#: Comments of PostgreSQL nest, two levels deep here.
_COMMENT = r"--[^\n]* | /\*(?:[^*/]|\*(?!/)|/(?!\*)|/\*.*?\*/)*\*/"
_FLAGS = re.VERBOSE | re.DOTALL | re.IGNORECASE
_TOKEN = re.compile(
    rf"""
    {_OPAQUE}
    | {_COMMENT}
    | (?P<end>;)
    | (?P<atomic>\bBEGIN\s+ATOMIC\b)
    | (?P<case>\bCASE\b)
    | (?P<close>\bEND\b)
    | [A-Za-z_][\w$]*
    | .
    """,
    _FLAGS,
)
_BEFORE = re.compile(rf"(?:\s+ | {_COMMENT})*", _FLAGS)
_BLANK = re.compile(rf"{_OPAQUE} | (?P<blank>(?:\s | {_COMMENT})+)", _FLAGS)


def statements(script: str) -> Iterator[str]:
    """The statements of a script, comments before them left out.

    A semicolon within quotes, a comment, or the body of a function (`$$ … $$`, `BEGIN ATOMIC … END`) ends none.
    """
    start, depth = 0, 0
    for token in _TOKEN.finditer(script):
        if token["atomic"] or (depth and token["case"]):
            depth += 1
        elif depth and token["close"]:
            depth -= 1
        elif token["end"] and not depth:
            yield from _stripped(script[start : token.start()])
            start = token.end()
    yield from _stripped(script[start:])


def plain_statements(script: str) -> Iterator[str]:
    """The same, without comments, and on one line outside of strings and bodies."""
    for statement in statements(script):
        yield _BLANK.sub(lambda found: " " if found["blank"] else found[0], statement).strip()


def _stripped(text: str) -> Iterator[str]:
    text = text[_BEFORE.match(text).end() :].strip()  # type: ignore[union-attr]
    if text:
        yield text
