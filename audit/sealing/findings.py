"""What a verification finds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum


class Problem(StrEnum):
    """The kinds of findings."""

    ALTERED = "altered"
    MISSING = "missing"
    INVENTED = "invented"
    CHAIN = "chain"
    LIST = "list"
    LAYOUT = "layout"
    TOMBSTONE = "tombstone"
    ANCHOR = "anchor"
    CODE = "code"
    HISTORY = "history"
    LIVE = "live"
    CONTEXT = "context"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is not as it was sealed: a row of `table`, or a seal."""

    problem: Problem
    sentence: str
    table: str = ""
    key: str = ""
    seal: int | None = None


@dataclass
class Findings:
    """All of them are counted, the first `limit` of each table and problem are kept."""

    limit: int = 20
    kept: list[Finding] = field(default_factory=list)
    counts: Counter[tuple[str, Problem]] = field(default_factory=Counter)
    seen: set[tuple[Problem, str, str, int | None]] = field(default_factory=set)

    def add(self, finding: Finding) -> None:
        """Count a finding, and keep it unless there are enough of its like; what was found already is passed over."""
        identity = finding.problem, finding.table, finding.key, finding.seal
        if finding.key and identity in self.seen:
            return
        self.seen.add(identity)
        place = finding.table, finding.problem
        self.counts[place] += 1
        if self.counts[place] <= self.limit:
            self.kept.append(finding)

    def has(self, problem: Problem, table: str, key: str) -> bool:
        """Whether that row was found to have that problem."""
        return (problem, table, key, None) in self.seen

    @property
    def total(self) -> int:
        return self.counts.total()
