"""Print the forecasts as a table for docs/scale.md, or as JSON."""

import argparse
import json
from dataclasses import asdict

from benchmarks.simulation.inputs import Cost, Limits, World
from benchmarks.simulation.model import Forecast, forecast

SIZES = (10, 1_000, 100_000)
ROWS = {
    "runs_a_day": "runs a working day",
    "deliveries_a_day": "deliveries a working day",
    "deliveries_peak_second": "deliveries a second at the peak",
    "writes_peak_hour": "writes in the busiest hour (GitHub takes 500)",
    "calls_peak_hour": "calls in the busiest hour (GitHub takes 5,000)",
    "slots_peak": "runs at work at the peak",
    "workers": "workers of 8 slots",
    "database_gb_a_year": "database after a year, GB",
    "waiting_runs": "plans that wait for people",
    "dollars_a_month": "dollars of models a month",
    "delayed_hours": "longest wait for GitHub's limit on writes, hours",
    "gives_first": "what gives first",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulation")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--issues", type=float, default=1.0, help="a month and active repository")
    arguments = parser.parse_args()
    world = World(issues_a_month=arguments.issues)
    found = [forecast(size, world, Cost(), Limits()) for size in SIZES]
    if arguments.json:
        print(json.dumps([asdict(each) for each in found]))
    else:
        print(table(found))


def table(found: list[Forecast]) -> str:
    """Write the forecasts as Markdown."""
    head = "| repositories | " + " | ".join(f"{each.repositories:,}" for each in found) + " |"
    lines = [head, "|---|" + "--:|" * len(found)]
    for name, words in ROWS.items():
        values = " | ".join(_shown(getattr(each, name)) for each in found)
        lines.append(f"| {words} | {values} |")
    return "\n".join(lines)


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value)


if __name__ == "__main__":
    main()
