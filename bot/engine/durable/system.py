"""How the durable engine is set up on SQLite and on PostgreSQL, and how it takes runs over.

DBOS has no heartbeat: what an executor left is recovered by name, by whoever knows it is gone.
"""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, _dbos

from bot.engine.durable import sqlite
from bot.engine.durable.steps import ELSEWHERE
from bot.store.database import Database

VERSION = "1"  # constant: the default, a hash of the sources, would strand every waiting run
LISTENER_SECONDS = 1.0
FALLBACK_SECONDS = 10.0  # PostgreSQL wakes by LISTEN/NOTIFY: a look behind it is for lost ones
NOTIFIER_SECONDS = 1.0  # of what we never use; by default it looks a hundred times a second
PAGE = 1000


def configuration(database: Database, file: Path, executor: str) -> DBOSConfig:
    """Say where the engine's tables lie, and who we are."""
    shared: DBOSConfig = {
        "name": "coppice",
        "application_version": VERSION,
        "executor_id": executor,
        "log_level": "WARNING",
        "notification_coalesce_sec": NOTIFIER_SECONDS,
        "serializer": DBOSPortableJSONSerializer(),
    }
    if database.file is not None:
        return {
            **shared,
            "system_database_engine": sqlite.create(file),
            "notification_listener_polling_interval_sec": LISTENER_SECONDS,
        }
    from bot.engine.durable import postgresql  # late: on SQLite nobody needs the driver

    return {
        **shared,
        "system_database_engine": postgresql.create(database.url),
        "notification_listener_polling_interval_sec": FALLBACK_SECONDS,
    }


def recoverer() -> Callable[[str], int]:
    """The way to take over what an executor left; answers how much that was.

    The private call keeps deadlines and counts of starts, and may be repeated. Where a release of
    DBOS has none, the public calls do nearly the same, for one actor at a time.
    """
    private = getattr(DBOS, "_recover_pending_workflows", None)
    return recover if private is not None else recover_publicly


def recover(executor: str) -> int:
    return len(DBOS._recover_pending_workflows([executor]))


def recover_publicly(executor: str) -> int:
    found = DBOS.list_workflows(
        status="PENDING", executor_id=executor, load_input=False, load_output=False
    )
    for workflow in found:
        DBOS.resume_workflow(workflow.workflow_id)
    return len(found)


async def executors_at_work() -> set[str]:
    """Name every executor that has begun something and not ended it."""
    names: set[str] = set()
    for page in range(0, 10**9, PAGE):
        found = await DBOS.list_workflows_async(
            status="PENDING", limit=PAGE, offset=page, load_input=False, load_output=False
        )
        names.update(str(workflow.executor_id) for workflow in found)
        if len(found) < PAGE:
            return names
        await asyncio.sleep(0)
    return names


def wake(workflow: str) -> None:
    """Have a workflow that waits here read its messages at once, if there are any.

    A private door of DBOS, for SQLite, which has no notifications: where a release has none, the
    look each second finds them. Whoever is woken with nothing to read takes his time for over.
    """
    system = getattr(getattr(_dbos, "_dbos_global_instance", None), "_sys_db", None)
    waiting = getattr(system, "notifications_map", None)
    look = getattr(system, "recv_check", None)
    if waiting is None or look is None:
        return
    for _, components, signal in waiting.snapshot():
        if components[0] == workflow:
            look(workflow, components[1], signal)


def quieten() -> None:
    """Drop what DBOS logs of a cancelled workflow, traceback included: a stop is not an error.

    What it says of a workflow that only another release knows is said in our words.
    """
    engine = logging.getLogger("dbos")
    engine.addFilter(_without_expected)
    engine.addFilter(_in_our_words)


def _without_expected(record: logging.LogRecord) -> bool:
    kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
    return "Cancelled" not in kind and "cancelled" not in record.getMessage()


def _in_our_words(record: logging.LogRecord) -> bool:
    said = record.getMessage()
    if "is not a registered workflow function" in said:
        record.msg, record.args = "%s (%s)", (ELSEWHERE, said)
    return True
