"""The shares of all benchmarks as a picture."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from config.commands import EnvironmentFailed


def write_plot(report: Mapping[str, Any], path: Path) -> None:
    """Draw throughput as a share of the baseline's, by wall clock and by CPU, as SVG."""
    try:
        import pygal
    except ImportError:
        raise EnvironmentFailed("pygal is missing, which draws the plot: scripts/setup-venv dev installs it.") from None
    chart = pygal.HorizontalBar(
        title="Throughput as a share of the baseline's", range=(0, None), disable_xml_declaration=True, js=[]
    )
    chart.x_labels = [f"{each['name']} ({each['clients']})" for each in report["benchmarks"]]
    for kind in ("wall_share", "cpu_share"):
        chart.add(kind.partition("_")[0], [each[kind] for each in report["benchmarks"]])
    path.write_text(chart.render(is_unicode=True), encoding="utf-8")
