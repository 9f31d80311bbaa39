"""`coppice sweep` shows, and does, what the service would do about what nobody heard of."""

import asyncio
import json
import subprocess
import time
from typing import Any

import pytest

from bot.runs import RunStatus
from bot.store import runs
from tests.cli.shell import coppice
from tests.intake.house import DAY, FIVE, House

pytestmark = pytest.mark.slow


async def typed(house: House, *arguments: str) -> subprocess.CompletedProcess[str]:
    ready = house.world.forge.ready
    settings: dict[str, Any] = {
        "DATA_DIR": house.world.data,
        "GITHUB_URL": ready["api_url"],
        "GITHUB_HTML_URL": ready["html_url"],
        "APP_ID": ready["app_id"],
        "PRIVATE_KEY_FILE": ready["private_key_file"],
        "WEBHOOK_SECRET": ready["webhook_secret"],
    }
    done = await asyncio.to_thread(coppice, "sweep", *arguments, **settings)
    assert done.returncode == 0, done.stderr
    return done


async def missed_everything(house: House) -> tuple[str, str]:
    """A label to start by, one that was taken off, and a pull request that is over; their GUIDs."""
    at = time.time() - 10 * DAY
    waits = {"status": RunStatus.WAITING, "created_at": at, "updated_at": at}
    await house.label(ago=11 * DAY)
    await house.has(**waits)
    off = await house.unlabel(FIVE)
    await house.has(id="bbbbbb222222", issue=3, **waits)
    await house.world.call("PATCH", "/issues/3", {"state": "closed"})
    house.issue(3).closed_at = "2026-01-01T00:00:00Z"
    on = await house.label(2)
    return f"labeled-event-{on.id}", f"unlabeled-event-{off.id}"


async def test_a_dry_run_shows_it_all_and_changes_nothing(house: House) -> None:
    on, off = await missed_everything(house)

    done = await typed(house, "--dry-run", "--json")

    found = [(it["does"], it["guid"], it["number"], it["run"]) for it in json.loads(done.stdout)]
    assert found == [
        ("stop", off, 1, "aaaaaa111111"),
        ("end", None, 3, "bbbbbb222222"),
        ("start", on, 2, None),
    ]
    assert await house.rows() == []


async def test_for_people_it_is_a_table(house: House) -> None:
    on, _ = await missed_everything(house)

    done = await typed(house, "--dry-run")

    (line,) = [line for line in done.stdout.splitlines() if on in line]
    assert line.split()[0] == "start"
    assert "#2" in line
    assert "this was a dry run" in done.stderr


async def test_without_it_the_labels_are_taken_up(house: House) -> None:
    on, off = await missed_everything(house)

    done = await typed(house, "--json")

    assert [it["does"] for it in json.loads(done.stdout)] == ["stop", "end", "start"]
    assert {row.guid for row in await house.rows()} == {on, off}
    assert len(await house.database.read(runs.all_living)) == 2
    assert json.loads((await typed(house, "--json")).stdout) == [
        it for it in json.loads(done.stdout) if it["does"] == "end"
    ]
