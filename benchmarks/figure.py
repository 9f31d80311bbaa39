"""What a benchmark prints: a figure a line, a ratio of medians measured in turn with the rival."""

import json
import statistics
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass

ROUNDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    name: str
    against: str | None
    """The rival; None where the goal is a number of its own."""
    unit: str
    ours: float
    theirs: float | None
    ratio: float | None
    goal: str
    """As people read it: `at most 8x`, `at least 1.4x`, `at most 3 %`."""
    ok: bool


def compare(
    name: str,
    against: str,
    unit: str,
    series: tuple[list[float], list[float]],
    *,
    least: float | None = None,
    most: float | None = None,
) -> Figure:
    """Compare the medians of two series, ours and theirs, measured in turn; give one goal."""
    own, other = map(statistics.median, series)
    ratio = own / other
    goal = f"at least {least:g}x" if least is not None else f"at most {most:g}x"
    good = ratio >= least if least is not None else most is not None and ratio <= most
    return Figure(
        name=name,
        against=against,
        unit=unit,
        ours=round(own, 4),
        theirs=round(other, 4),
        ratio=round(ratio, 3),
        goal=goal,
        ok=good,
    )


def difference(
    name: str, against: str, unit: str, series: tuple[list[float], list[float]], *, most: float
) -> Figure:
    """Compare the medians of two series, where the goal is how much more ours may be."""
    own, other = map(statistics.median, series)
    return Figure(
        name=name,
        against=against,
        unit=unit,
        ours=round(own, 4),
        theirs=round(other, 4),
        ratio=round(own / other, 3),
        goal=f"at most {most:g} {unit} more",
        ok=own - other <= most,
    )


def alone(
    name: str, unit: str, ours: float, *, most: float | None = None, least: float | None = None
) -> Figure:
    """Hold a number against a goal of its own."""
    good = (most is None or ours <= most) and (least is None or ours >= least)
    goal = f"at most {most:g} {unit}" if most is not None else f"at least {least:g} {unit}"
    return Figure(
        name=name,
        against=None,
        unit=unit,
        ours=round(ours, 4),
        theirs=None,
        ratio=None,
        goal=goal,
        ok=good,
    )


def in_turn(
    ours: Callable[[], float], theirs: Callable[[], float], rounds: int = ROUNDS
) -> tuple[list[float], list[float]]:
    """Measure both alternately, after one round each that does not count."""
    ours(), theirs()
    pairs = [(ours(), theirs()) for _ in range(rounds)]
    return [own for own, _ in pairs], [other for _, other in pairs]


def show(*figures: Figure) -> None:
    """Print each as a line of JSON, which `python -m benchmarks` turns into a table for people."""
    for figure in figures:
        sys.stdout.write(json.dumps(asdict(figure), ensure_ascii=False) + "\n")
    sys.stdout.flush()
