"""The service on PostgreSQL: its roles apart, and a server that goes away in the middle."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests import postgres
from tests.postgres import Server
from tests.service.world import Program, World, world

pytestmark = pytest.mark.slow

QUICK = "verify: {test: 'true'}\nlimits: {open_pull_requests: 100}\n"
NOTE = {"write": "NOTES.md", "text": "A note.\n"}


@asynccontextmanager
async def program(there: World, role: str, name: str) -> AsyncIterator[Program]:
    environment = {**there.settings, "COPPICE_PORT": "0"}
    log = there.folder / f"{name}.log"
    one = await Program.start(log, ("serve", "--role", role), environment)
    try:
        yield one
    finally:
        await one.kill()


async def test_two_doors_and_a_worker_do_what_one_process_does(tmp_path: Path) -> None:
    url = postgres.shared().fresh(engine=True)
    async with world(tmp_path, forked=True, COPPICE_DATABASE_URL=url) as there:
        await there.write_file(".github/coppice.yml", QUICK)
        await there.kill()
        async with (
            program(there, "worker", "worker") as worker,
            program(there, "web", "one") as one,
            program(there, "web", "two") as two,
        ):
            issues = [await there.issue(), await there.issue()]
            for issue, door in zip(issues, (one, two), strict=True):
                await there.call_app(
                    "PATCH", "/app/hook/config", {"url": door.ready["webhook_url"]}
                )
                there.script(issue, [{"write": f"NOTES-{issue}.md", "text": "A note.\n"}])
                await there.label(issue)

            ended = [await there.ended(issue) for issue in issues]

            assert [run["status"] for run in ended] == ["done", "done"]
            assert worker.ready["webhook_url"] is None
            async with there.session.post(f"{worker.ready['url']}/webhook") as answer:
                assert answer.status == 404
            async with there.session.get(f"{worker.ready['url']}/readyz") as answer:
                assert answer.status == 200


async def test_a_server_that_is_restarted_costs_no_run_and_no_delivery(
    postgresql_server: Server, tmp_path: Path
) -> None:
    more = {"COPPICE_DATABASE_URL": postgresql_server.fresh(engine=True)}
    async with world(tmp_path, forked=True, **more, COPPICE_SWEEP_SECONDS="2") as there:
        await there.write_file(".github/coppice.yml", QUICK)
        first, second = await there.issue(), await there.issue()
        there.script(first, [{"hang": 8}, NOTE])
        there.script(second, [{"write": "OTHER.md", "text": "A note.\n"}])
        await there.label(first)
        await there.at(first, "implement")

        await asyncio.to_thread(postgresql_server.stop, "fast")
        await there.label(second)
        await asyncio.sleep(3)
        await asyncio.to_thread(postgresql_server.start)

        assert (await there.ended(first))["status"] == "done"
        assert (await there.ended(second))["status"] == "done"
        assert [len(await there.said(issue)) for issue in (first, second)] == [1, 1]


async def test_on_sqlite_a_door_beside_a_worker_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/coppice/coppice.sqlite"
    async with world(tmp_path, forked=True, COPPICE_DATABASE_URL=url) as there:
        with pytest.raises(AssertionError, match="one plain `coppice serve` does all"):
            async with program(there, "web", "web"):
                pass
