"""`coppice costs`: what models cost, split by whom, where, when or what came of it."""

import csv
import re
import time
from datetime import UTC, datetime
from typing import Any

from bot.cli import stored
from bot.cli.output import emit, printable, say, stdout, table
from bot.errors import OperatorError
from bot.github.texts.moments import count
from bot.runs import Spend
from bot.store import costs
from bot.store.costs import By

_HEADER = ("runs", "calls", "input", "cached", "output", "minutes", "cost")
_UNITS = {"h": 3600, "d": 86400, "w": 7 * 86400}
MERGED = "merged"

Row = tuple[str, int, Spend]


def run(*, by: str, since: str, as_json: bool, as_csv: bool) -> int:
    """Print what was spent, the dearest first, days in order."""
    start = moment_of(since, time.time())
    split = By(by)
    rows = stored.read(lambda c: costs.spend_by(c, split, start)) if stored.is_there() else []
    if as_json:
        emit([facts(split, row, rows) for row in rows])
    elif as_csv:
        _write_csv([facts(split, row, rows) for row in rows], split)
    else:
        table((by, *_HEADER), [_cells(row) for row in rows])
        _say_price_of_a_merge(split, rows)
    return 0


def facts(split: By, row: Row, rows: list[Row]) -> dict[str, Any]:
    """List what is known of one row; dollars of calls whose price is unknown are in none."""
    name, runs, spend = row
    known = {split.value: name, "runs": runs, **spend.model_dump()}
    if split is By.OUTCOME:
        known["usd_per_merge"] = _price_of_a_merge(rows) if name == MERGED else None
    return known


def moment_of(text: str, now: float) -> float:
    """Read `12h`, `30d` or a date; raises OperatorError that says how it is written."""
    found = re.fullmatch(r"(\d{1,5})([hdw])", text)
    if found:
        return now - int(found[1]) * _UNITS[found[2]]
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise OperatorError(f"--since {text}: write it as 12h, 30d, 4w or 2026-01-31") from None


def cost(spend: Spend) -> str:
    """Write what it cost, and what of it nobody can price."""
    if spend.calls and not spend.answered:
        return "no answer"
    priced = spend.answered - spend.subscribed - spend.unpriced
    parts = [f"${spend.usd:.2f}"] if priced or not spend.calls else []
    parts += ["subscription"] if spend.subscribed else []
    if spend.unpriced and spend.unpriced == spend.answered:
        parts = ["unknown"]
    elif spend.unpriced:
        parts += [f"{count(spend.unpriced, 'call')} at an unknown price"]
    lost = f"{count(spend.unanswered, 'call')} without an answer"
    parts += [lost] if spend.unanswered else []
    return " + ".join(parts)


def _price_of_a_merge(rows: list[Row]) -> float | None:
    """Divide all dollars, those of the runs that came to nothing too, by what was merged."""
    merged = sum(runs for name, runs, _ in rows if name == MERGED)
    return sum(spend.usd for _, _, spend in rows) / merged if merged else None


def _say_price_of_a_merge(split: By, rows: list[Row]) -> None:
    price = _price_of_a_merge(rows) if split is By.OUTCOME else None
    if price is not None:
        say(f"\n${price:.2f} for each merged pull request, the runs that came to nothing included")


def _cells(row: Row) -> tuple[object, ...]:
    name, runs, spend = row
    tokens = (spend.input_tokens, spend.cached_tokens, spend.output_tokens)
    minutes = f"{spend.seconds / 60:.1f}"
    return (name, runs, spend.calls, *(f"{n:,}" for n in tokens), minutes, cost(spend))


def _write_csv(rows: list[dict[str, Any]], split: By) -> None:
    fields = [split.value, "runs", *Spend.model_fields]
    fields += ["usd_per_merge"] if split is By.OUTCOME else []
    with stdout() as out:
        writer = csv.DictWriter(out, fields, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            # a spreadsheet takes a cell that begins so for a formula
            name = printable(str(row[split.value]))
            safe = f"'{name}" if name.startswith(("=", "+", "-", "@")) else name
            writer.writerow({**row, split.value: safe})
