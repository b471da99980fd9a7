"""A script of SQL cut into its statements."""

import re
from collections.abc import Iterator

#: What a semicolon may stand in without ending anything; comments of PostgreSQL nest, two levels deep here.
_TOKEN = re.compile(
    r"""
    (?P<dollar>\$(?:[A-Za-z_]\w*)?\$) .*? (?P=dollar)
    | [eE]'(?:\\.|''|[^'\\])*'
    | '(?:''|[^'])*'
    | "(?:""|[^"])*"
    | --[^\n]*
    | /\*(?:[^*/]|\*(?!/)|/(?!\*)|/\*.*?\*/)*\*/
    | (?P<end>;)
    | (?P<atomic>\bBEGIN\s+ATOMIC\b)
    | (?P<case>\bCASE\b)
    | (?P<close>\bEND\b)
    | [A-Za-z_][\w$]*
    | .
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_COMMENTS = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/)*", re.DOTALL)


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


def _stripped(text: str) -> Iterator[str]:
    text = text[_COMMENTS.match(text).end() :].strip()  # type: ignore[union-attr]
    if text:
        yield text
