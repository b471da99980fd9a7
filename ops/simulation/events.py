"""What a plan is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: What the outcome of a subject's last event must have been, or else the event is skipped.
ANY, ACCEPTED, REFUSED = "any", "accepted", "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A business event that a client plans; `kind` is the service's name.

    `subject` names the order (`o12`) or cash request (`c3`) within the client's plan; `account` is the place among his
    accounts. Terms are plain values: prices in quote currency, quantities in contracts, times in seconds from then.
    """

    kind: str
    account: int = -1
    subject: str = ""
    after: str = ANY
    terms: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        terms = " ".join(f"{name}={self.terms[name]}" for name in sorted(self.terms))
        return f"{self.kind} {self.account} {self.subject} {self.after} {terms}"
