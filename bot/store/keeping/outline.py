"""What a stranger may see of a database to help with it: shapes and counts, no words of people."""

import re
from typing import Any

from sqlalchemy import Connection, func, inspect, select, text

from bot.store import tables
from bot.store.keeping import copying
from bot.store.schema.migrate import revision

_DELIVERY, _EVENT = tables.deliveries.c, tables.events.c
_LAST = 200
_LONGEST = 200
_WORDS = tuple(
    (re.compile(pattern, re.DOTALL), instead)
    for pattern, instead in (
        (r"`[^`]*`", "`…`"),
        (r"^.* (needs \w+ access); .* has (\w+)$", r"… \1; … has \2"),
        (r"\bsender \S+ is\b", "sender … is"),
        (r"\bby \S+$", "by …"),
    )
)
_PLAIN = ("kind", "class", "name", "exit_code", "seconds", "status", "conclusion", "tokens", "usd")
"""Keys of an event's data that hold no text of the work."""


def counts(c: Connection) -> dict[str, Any]:
    """Count rows of every table, runs by status, deliveries by decision."""
    rows = {
        table.name: c.execute(select(func.count()).select_from(table)).scalar_one()
        for table in copying.kept()
    }
    by_status = select(tables.runs.c.status, func.count()).group_by(tables.runs.c.status)
    by_decision = select(_DELIVERY.decision, func.count()).group_by(_DELIVERY.decision)
    return {
        "schema": revision(c),
        "rows": rows,
        "runs": {row[0]: row[1] for row in c.execute(by_status)},
        "deliveries": {row[0]: row[1] for row in c.execute(by_decision)},
    }


def schema(c: Connection) -> str:
    """Describe tables and indexes as they are."""
    if c.dialect.name == "sqlite":
        query = text("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
        return "\n".join(f"{row.sql};" for row in c.execute(query)) + "\n"
    look = inspect(c)
    lines = []
    for table in sorted(look.get_table_names()):
        lines.append(f"{table}: {', '.join(_column(column) for column in look.get_columns(table))}")
        lines += sorted(f"  index {index['name']}" for index in look.get_indexes(table))
    return "\n".join(lines) + "\n"


def deliveries(c: Connection) -> list[dict[str, Any]]:
    """List the last deliveries without names and bodies."""
    columns = (
        _DELIVERY.seq,
        _DELIVERY.guid,
        _DELIVERY.event,
        _DELIVERY.action,
        _DELIVERY.received_at,
        _DELIVERY.source,
        _DELIVERY.attempts,
        _DELIVERY.decision,
        _DELIVERY.reason,
        _DELIVERY.due_at,
    )
    query = select(*columns).order_by(_DELIVERY.seq.desc()).limit(_LAST)
    rows = [dict(row) for row in c.execute(query).mappings()]
    return [{**row, "reason": shape(row["reason"])} for row in rows]


def shape(reason: str | None) -> str | None:
    """Leave of a reason what we said ourselves: no command, label, path or name."""
    if reason is None:
        return None
    for pattern, instead in _WORDS:
        reason = pattern.sub(instead, reason)
    return reason[:_LONGEST]


def runs(c: Connection) -> list[dict[str, Any]]:
    """List the last runs without what they are about."""
    run = tables.runs.c
    columns = (run.id, run.pipeline, run.agent, run.publish, run.status, run.following, run.error)
    query = select(*columns, run.created_at, run.updated_at).order_by(run.created_at.desc())
    return [
        {
            **row,
            "error": {key: row["error"].get(key) for key in ("stage", "class")}
            if row["error"]
            else None,
        }
        for row in c.execute(query.limit(_LAST)).mappings()
    ]


def events(c: Connection) -> list[dict[str, Any]]:
    """List the last events, of their data only what is no text of the work."""
    query = select(tables.events).order_by(_EVENT.seq.desc()).limit(_LAST)
    return [
        {**row, "data": {key: row["data"][key] for key in _PLAIN if key in row["data"]}}
        for row in c.execute(query).mappings()
    ]


def _column(column: Any) -> str:
    return f"{column['name']} {column['type']}{'' if column['nullable'] else ' NOT NULL'}"
