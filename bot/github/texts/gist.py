"""The gist of a run's timeline for its check run: last tool calls, what was refused, files.

Titles and results are words of agents and of what they ran: each is shown as code, cut.
"""

from collections.abc import Mapping, Sequence

from bot.github.markdown import cell, code
from bot.runs import Json, Record, RunEvent

TITLE, RESULT = 120, 160
SHOWN = 8
"""Of each kind, the newest."""
MOST_FILES = 30


class Gist(Record):
    """What of the timeline people see at once."""

    tools: tuple[RunEvent, ...] = ()
    """`tool_finished`, oldest first."""
    refused: tuple[RunEvent, ...] = ()
    """What the guard, the gateway or the network refused, oldest first."""
    files: tuple[tuple[str, int | None, int | None], ...] = ()
    """Path, lines added and removed; None: binary."""
    more_files: int = 0


def gist_text(gist: Gist) -> str:
    """Write it as Markdown; empty where there is nothing to tell."""
    parts = [_files(gist), _tools(gist.tools), _refused(gist.refused)]
    return "\n\n".join(part for part in parts if part)


def _files(gist: Gist) -> str:
    if not gist.files:
        return ""
    rows = [f"| {_cut(path, TITLE)} | {_lines(a, b)} |" for path, a, b in gist.files]
    more = f"\n\nAnd {gist.more_files} more." if gist.more_files else ""
    return "\n".join(["**Files changed**", "", "| file | lines |", "|---|---|", *rows]) + more


def _lines(added: int | None, removed: int | None) -> str:
    return "binary" if added is None or removed is None else f"+{added} -{removed}"


def _tools(events: Sequence[RunEvent]) -> str:
    if not events:
        return ""
    rows = [
        f"| {event.stage} {event.attempt} | {_cut(event.data.get('title'), TITLE)} "
        f"| {'ok' if event.data.get('ok') else 'failed'} | {_cut(_last(event.data), RESULT)} |"
        for event in events
    ]
    return "\n".join(
        ["**Last tool calls**", "", "| at | call | | result |", "|---|---|---|---|", *rows]
    )


def _refused(events: Sequence[RunEvent]) -> str:
    if not events:
        return ""
    rows = [
        f"| {event.stage} {event.attempt} | {_cut(_wanted(event), TITLE)} "
        f"| {_cut(_reason(event), RESULT)} |"
        for event in events
    ]
    return "\n".join(["**Refused**", "", "| at | what | why |", "|---|---|---|", *rows])


def _wanted(event: RunEvent) -> Json:
    if event.type == "network":
        return f"{event.data.get('host')}:{event.data.get('port')}"
    return event.data.get("asked") or event.data.get("title")


def _reason(event: RunEvent) -> Json:
    return event.data.get("refused") or event.data.get("reason")


def _last(data: Mapping[str, Json]) -> str:
    """The last line that says something: there stands how a program ended."""
    lines = [each for each in str(data.get("detail") or "").splitlines() if each.strip()]
    return lines[-1] if lines else ""


def _cut(text: Json, most: int) -> str:
    flat = " ".join(str(text or "").split())
    return cell(code(flat if len(flat) <= most else flat[: most - 1] + "…"))
