"""A private key that is replaced while the service runs."""

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.service.world import World, world
from tests.telemetry.names import series

pytestmark = pytest.mark.database

QUICK = "verify: {test: 'true'}\n"


async def refusals(there: World) -> float:
    async with there.session.get(f"http://127.0.0.1:{there.port}/metrics") as answer:
        return series(await answer.text())["coppice_app_key_refused_total"]


async def test_work_waits_for_the_new_key_and_goes_on_without_a_restart(tmp_path: Path) -> None:
    async with world(tmp_path, forked=True) as there:
        theirs, ours = Path(there.settings["COPPICE_PRIVATE_KEY_FILE"]), tmp_path / "ours.pem"
        shutil.copy(theirs, ours)
        there.settings["COPPICE_PRIVATE_KEY_FILE"] = str(ours)
        await there.kill()
        await there.serve()
        await there.write_file(".github/coppice.yml", QUICK)
        assert there.service is not None
        before = there.service.process.pid

        await there.switch("replace_key")
        await there.switch("expire_tokens")
        issue = await there.issue()
        there.script(issue, [{"write": "NOTES.md", "text": "A note.\n"}])
        await there.label(issue)
        async with asyncio.timeout(150):
            while not await refusals(there):
                await asyncio.sleep(0.2)
        shutil.copy(theirs, ours)
        run = await there.ended(issue, seconds=150)

        assert run["status"] == "done", run["error"]
        assert there.service.process.pid == before
        log = there.service.log.read_text()
        assert "GitHub does not accept the App's signature" in log
        assert "its file holds another one by now" in log
        assert "Traceback" not in log
