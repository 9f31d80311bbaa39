"""Recorded runs in an engine's file, and acts that do nothing but note that they were asked."""

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import fields
from pathlib import Path
from typing import Any

from dbos import DBOS, DBOSPortableJSONSerializer

from bot.engine.acts import Acts
from bot.engine.durable import sqlite, system
from bot.engine.durable.steps import INBOX
from bot.engine.outcome import GO_ON, Outcome, stopped
from bot.engine.workflows import Workflows
from bot.runs import Json, Message, MessageKind, Stop

RECORDED = sorted((Path(__file__).parent / "recorded").glob("*.json"))
Rows = dict[str, list[dict[str, Any]]]
ENDED = ("SUCCESS", "ERROR", "CANCELLED")


class Told:
    """Acts that do nothing but note that they were done: what is recorded is not done again."""

    def __init__(self, done: list[str], name: str = "acts") -> None:
        self._done = done
        self.__name__ = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Told(self._done, name)

    async def __call__(self, *_: object) -> Json:
        self._done.append(self.__name__)
        return GO_ON.model_dump(mode="json")


class Stopped(Acts):
    """What today's code does beside: it hears that somebody asked each run to stop, or nothing."""

    done: list[str]
    asked: bool

    async def look(self, run_id: str) -> Json:
        self.done.append("look")
        found = stopped(Stop(by="ana", reason="enough")) if self.asked else GO_ON
        return found.model_dump(mode="json")

    async def announce_end(self, run_id: str, outcome: Json) -> Json:
        return GO_ON.model_dump(mode="json")

    async def finish(self, run_id: str, outcome: Json, following: bool) -> Json:
        error = Outcome.model_validate(outcome).error
        self.done.append(f"finish {error.kind if error else ''}")
        return GO_ON.model_dump(mode="json")


def acts(*, asked: bool = True) -> tuple[Stopped, list[str]]:
    done: list[str] = []
    made = Stopped(*(Told(done) for _ in fields(Acts)))  # type: ignore[arg-type]
    object.__setattr__(made, "done", done)
    object.__setattr__(made, "asked", asked)
    return made, done


def load(file: Path, rows: Rows, executor: str = "local") -> dict[str, dict[str, Any]]:
    """Put recorded rows into an engine's file; the parents live once more. Answers these."""
    parents = {r["workflow_uuid"]: r for r in rows["workflow_status"] if r["name"] == "run"}
    with closing(sqlite3.connect(file)) as connection:
        for table, listed in rows.items():
            known = {c[1] for c in connection.execute(f"PRAGMA table_info({table})")}
            for row in listed:
                values = _as_of_now(table, {k: v for k, v in row.items() if k in known}, executor)
                marks = ", ".join("?" * len(values))
                insert = f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})"
                connection.execute(insert, list(values.values()))
        connection.commit()
    return parents


def _as_of_now(table: str, row: dict[str, Any], executor: str) -> dict[str, Any]:
    if table == "workflow_status" and row["name"] == "run":
        return {**row, "status": "PENDING", "executor_id": executor, "completed_at": None}
    if row.get("function_name") == "DBOS.sleep":
        return {**row, "output": json.dumps(time.time() + 86400)}
    return row


@asynccontextmanager
async def engine(file: Path, made: Acts, *, log_level: str = "CRITICAL") -> AsyncIterator[None]:
    DBOS(
        config={
            "name": "coppice",
            "system_database_engine": sqlite.create(file),
            "application_version": system.VERSION,
            "executor_id": "local",
            "log_level": log_level,
            "serializer": DBOSPortableJSONSerializer(),
            "notification_listener_polling_interval_sec": 0.1,
        }
    )
    benches: Any = Told([], "benches")
    Workflows(made, benches)
    DBOS.launch()
    try:
        yield
    finally:
        DBOS.destroy(destroy_registry=True)


async def migrated(file: Path) -> None:
    """Have the engine make its tables."""
    async with engine(file, acts()[0]):
        pass


async def end_of(flow: str) -> tuple[str, dict[int, str]]:
    """Wait until a workflow has ended; answer how, and all its steps by number."""
    async with asyncio.timeout(150):
        while (status := await DBOS.get_workflow_status_async(flow)) is None or (
            status.status not in ENDED
        ):
            await asyncio.sleep(0.1)
    steps = await DBOS.list_workflow_steps_async(flow)
    return status.status, {step["function_id"]: step["function_name"] for step in steps}


async def stop(flow: str) -> None:
    """Tell a run to end."""
    message = Message(kind=MessageKind.STOP, by="ana").model_dump(mode="json")
    await DBOS.send_async(flow, message, topic=INBOX)
