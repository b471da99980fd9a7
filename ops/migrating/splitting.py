"""A script of SQL as its statements."""

import re
from collections.abc import Iterator

#: What a semicolon means nothing in: strings, quoted names, bodies of functions, comments.
_OPAQUE = re.compile(
    r"""
    [eE]'(?:[^'\\]|\\.|'')*'
    | '(?:[^']|'')*'
    | "(?:[^"]|"")*"
    | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$
    | --[^\n]*
    | /\*.*?\*/
    | ;
    """,
    re.VERBOSE | re.DOTALL,
)


def statements(script: str) -> Iterator[str]:
    """Each statement, without comments, on one line outside of its strings."""
    parts: list[str] = []
    begin = 0
    for match in _OPAQUE.finditer(script):
        parts.append(_plain(script[begin : match.start()]))
        begin = match.end()
        if match[0] == ";":
            if text := "".join(parts).strip():
                yield text
            parts = []
        elif match[0].startswith(("--", "/*")):
            parts.append(" ")
        else:
            parts.append(match[0])
    parts.append(_plain(script[begin:]))
    if text := "".join(parts).strip():
        yield text


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text)
