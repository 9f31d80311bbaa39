"""`coppice audit`: who did what, and whether somebody changed the log of it."""

import re

from bot.cli import stored
from bot.cli.output import emit, moment, note, say, table
from bot.errors import OperatorError
from bot.store import audit, runs
from bot.store.audit import AuditRow, Broken
from bot.store.database import Connection

_HEADER = ("at", "who", "act", "run", "data")
_PIN = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})")


def run(run_id: str | None, *, limit: int, as_json: bool) -> int:
    """List the log, newest first; exit 1 where nobody knows the run that was named."""
    rows = stored.read(lambda c: _find(c, run_id, limit)) if stored.is_there() else None
    if rows is None and run_id is not None:
        note(f"there is no run {run_id}; `coppice runs` lists them")
    if as_json:
        emit([_facts(row) for row in rows or ()])
    elif rows is not None or run_id is None:
        table(_HEADER, (_cells(row) for row in rows or ()))
    return 1 if rows is None and run_id is not None else 0


def verify(pin: str | None, *, as_json: bool) -> int:
    """Check the chain from its beginning; exit 1 where a link is broken."""
    pinned = _read_pin(pin)
    broken = stored.read(lambda c: audit.verify(c, pinned))
    rows, head = stored.read(audit.head)
    if as_json:
        why = broken.model_dump() if broken else None
        emit({"ok": broken is None, "rows": rows, "head": f"{rows}:{head}", "broken": why})
    elif broken is None:
        say(f"{rows} rows, no link is broken")
        say(f"head {rows}:{head}")
        note("keep the head elsewhere: `coppice audit verify --pin HEAD` then finds a cut end")
    else:
        _complain(broken)
    return 0 if broken is None else 1


def _find(c: Connection, run_id: str | None, limit: int) -> list[AuditRow] | None:
    """List what there is; None where the run is in no table, cleaned up ones are in the log."""
    if run_id is None:
        return audit.listing(c, limit)
    run = runs.get(c, run_id)
    found = audit.listing(c, limit, run.id if run else run_id)
    return found if found or run else None


def _complain(broken: Broken) -> None:
    say(f"the audit log is broken: {broken.why}")
    say("Rows before it can be trusted, those from it on cannot.")
    say("Keep a copy of the database as it is, then restore the last backup that verifies.")


def _read_pin(pin: str | None) -> tuple[int, str] | None:
    if pin is None:
        return None
    match = _PIN.fullmatch(pin)
    if match is None:
        raise OperatorError("--pin takes a head as `coppice audit verify` printed it: NUMBER:HASH")
    return int(match[1]), match[2]


def _facts(row: AuditRow) -> dict[str, object]:
    return {**row.model_dump(mode="json", exclude={"key"}), "at": moment(row.at)}


def _cells(row: AuditRow) -> tuple[object, ...]:
    said = " ".join(f"{name}={value}" for name, value in row.data.items() if value is not None)
    return (moment(row.at), row.who, row.act, row.run_id, said)
