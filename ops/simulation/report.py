"""What a simulated day says of itself, with stable keys."""

import math
from array import array
from collections import Counter
from typing import Any

from ops.simulation.day import Outcome


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Latencies in milliseconds, of the clients' events, refused ones included; throughput without the office's."""
    tallies = [*outcome.clients, outcome.office]
    accepted = _sum(tally.accepted for tally in tallies)
    refused = _sum(tally.refused for tally in tallies)
    business_events = sum(tally.accepted.total() for tally in outcome.clients)
    reasons: dict[str, dict[str, int]] = {}
    for (kind, reason), count in sorted(refused.items()):
        reasons.setdefault(kind, {})[reason] = count
    return {
        "run": outcome.run,
        "night": outcome.night,
        "plan": outcome.digest,
        "interrupted": outcome.interruption is not None,
        "gave_up": outcome.gave_up,
        "clients": len(outcome.clients),
        "planned": sum(tally.planned for tally in tallies),
        "accepted": dict(sorted(accepted.items())),
        "refused": reasons,
        "skipped": sum(tally.skipped for tally in tallies),
        "retries": dict(sorted(_sum(tally.retries for tally in tallies).items())),
        "reconnects": sum(tally.reconnects for tally in tallies),
        "seconds": round(outcome.seconds, 3),
        "events_per_second": round(business_events / outcome.seconds, 1) if outcome.seconds else 0.0,
        "latency_ms": _latencies(outcome),
    }


def _sum(counters: Any) -> Counter[Any]:
    return sum(counters, Counter())


def _latencies(outcome: Outcome) -> dict[str, dict[str, float]]:
    kinds = sorted({kind for tally in outcome.clients for kind in tally.latencies})
    return {kind: _percentiles([tally.latencies[kind] for tally in outcome.clients]) for kind in kinds}


def _percentiles(parts: list["array[float]"]) -> dict[str, float]:
    """Nearest rank: the smallest value that so many percent do not exceed."""
    values = sorted(value * 1000 for part in parts for value in part)

    def percentile(percent: int) -> float:
        return round(values[max(0, math.ceil(percent / 100 * len(values)) - 1)], 3)

    return {
        "count": len(values),
        "p50": percentile(50),
        "p95": percentile(95),
        "p99": percentile(99),
        "max": percentile(100),
    }
