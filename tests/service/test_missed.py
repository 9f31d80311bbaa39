"""What GitHub sent while the service was down is acted on when it is back."""

import pytest

from tests.service.world import World

pytestmark = pytest.mark.slow


async def test_a_label_put_on_while_the_service_was_down_starts_its_run(there: World) -> None:
    there.script(1, [{"write": "NOTES.md", "text": "A note.\n"}])
    await there.settled("ping")
    await there.kill()
    await there.label(1)

    await there.serve()

    run = await there.ended(1)
    (delivery,) = [d for d in await there.listed("deliveries") if d["decision"] == "start"]
    assert delivery["source"] == "sweep"
    assert delivery["runs"] == [run["id"]]


async def test_a_dry_run_shows_what_was_missed_and_changes_nothing(there: World) -> None:
    await there.settled("ping")
    await there.kill()
    await there.label(1)

    missed = await there.listed("sweep", "--dry-run")

    assert [(each["event"], each["action"]) for each in missed] == [("issues", "labeled")]
    assert all(d["source"] == "webhook" for d in await there.listed("deliveries"))
