"""What becomes of a delivery once it is on disk: order, retries, dead letters, reasons."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from bot.errors import EffectDelayed, EffectRefused, UserError
from bot.intake.delivery import Delivery
from bot.intake.journal import Journal
from bot.intake.webhook import arrival
from bot.runs import (
    Again,
    Commanded,
    Decision,
    DecisionKind,
    Message,
    MessageKind,
    React,
    RepositoryRef,
    Start,
    Tell,
    ignore,
)
from bot.store.journal import deliveries
from bot.store.journal.arrivals import Settlement
from tests.intake.door import Door, about, open_door
from tests.intake.examples import payloads
from tests.intake.office import Office, open_office, until
from tests.store.rows import a_run

Handle = Callable[[Delivery], Awaitable[Decision]]

PATIENCE = 150.0
EYES = React(issue=7, content="eyes")
START = Start(run=a_run("run-1"))
AGAIN = Again(run_id="run-2", key="k", by="ana")
ASKED = Commanded(
    key="1/1",
    by="ana",
    repository=RepositoryRef(id=10, full_name="octo/shop", installation_id=1),
    verb="/coppice stop",
)
TELL = Tell(run_id="run-3", message=Message(kind=MessageKind.STOP, by="ana"), key="k")


def always(decision: Decision) -> Handle:
    async def decide(_delivery: Delivery) -> Decision:
        return decision

    return decide


def failing(times: int, error: Exception) -> Handle:
    """Fail so many times for each delivery, then ignore it."""
    tried: Counter[str] = Counter()

    async def decide(delivery: Delivery) -> Decision:
        tried[delivery.guid] += 1
        if tried[delivery.guid] <= times:
            raise error
        return ignore("at last")

    return decide


async def test_an_ignored_delivery_keeps_its_reason(office: Office) -> None:
    office.handle = always(ignore("label `docs` is not a trigger"))

    await office.door.deliver(payload=about(10))

    [row] = await office.settled()
    assert (row.decision, row.reason, row.attempts, row.runs) == (
        DecisionKind.IGNORE,
        "label `docs` is not a trigger",
        1,
        (),
    )


async def test_effects_come_before_starts_and_tells(office: Office) -> None:
    office.handle = always(Decision(starts=(START, AGAIN), tells=(TELL,), effects=(EYES,)))

    await office.door.deliver(payload=about(10))

    [row] = await office.settled()
    assert office.done == [EYES, START, AGAIN, TELL]
    assert (row.decision, row.reason, row.runs) == ("start", None, ("run-1", "run-2", "run-3"))


@pytest.mark.parametrize(
    ("decision", "kind", "runs"),
    [
        (Decision(tells=(TELL,), effects=(EYES,)), "tell", ("run-3",)),
        (Decision(effects=(EYES,), reason="a question"), "effect", ()),
    ],
)
async def test_the_strongest_act_is_the_decision(
    office: Office, decision: Decision, kind: str, runs: tuple[str, ...]
) -> None:
    office.handle = always(decision)

    await office.door.deliver(payload=about(10))

    [row] = await office.settled()
    assert (row.decision, row.reason, row.runs) == (kind, decision.reason, runs)


async def test_a_start_that_meets_a_living_run_is_no_start(office: Office) -> None:
    office.handle = always(Decision(starts=(START,)))
    office.refuse["start"] = "run R is working on this"

    await office.door.deliver(payload=about(10))

    [row] = await office.settled()
    assert (row.decision, row.reason, row.runs) == ("ignore", "run R is working on this", ())


async def test_a_refused_effect_is_said_and_stops_nothing(office: Office) -> None:
    office.handle = always(Decision(starts=(START,), effects=(EYES,)))
    office.refuse["react"] = EffectRefused("gone", "issue #7 is locked")

    await office.door.deliver(payload=about(10))

    [row] = await office.settled()
    assert (row.decision, row.reason, row.attempts) == ("start", "issue #7 is locked", 1)
    assert office.done == [START]


@pytest.mark.parametrize("error", [UserError("no such stage"), EffectRefused("gone", "no such")])
async def test_what_a_person_has_to_mend_is_not_tried_again(
    office: Office, error: Exception
) -> None:
    office.handle = failing(1, error)

    await office.door.deliver(payload=about(10), guid="guid-1")

    [row] = await office.settled()
    assert (row.decision, row.reason, office.handled) == ("ignore", str(error), ["guid-1"])


async def test_a_bug_is_tried_again_until_it_works(office: Office) -> None:
    office.handle = failing(3, KeyError("label"))

    await office.door.deliver(payload=about(10))

    [row] = await office.settled()
    assert (row.decision, row.reason, row.attempts) == ("ignore", "at last", 4)


async def test_after_eight_tries_a_delivery_is_dead_and_can_be_taken_up_again(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.handle = failing(8, KeyError("label"))
    await office.door.deliver(payload=about(10), guid="guid-1")

    [row] = await office.settled()

    assert (row.decision, row.reason, row.attempts) == ("dead", "KeyError: 'label'", 8)
    assert "KeyError" in caplog.text

    assert await office.door.database.write(lambda c: deliveries.requeue(c, "guid-1"))

    [row] = await office.settled()
    assert (row.decision, row.reason, row.attempts) == ("ignore", "at last", 1)


async def test_redelivering_what_is_not_there_is_refused(office: Office) -> None:
    assert not await office.door.database.write(lambda c: deliveries.requeue(c, "none"))


async def test_a_command_is_written_down_behind_its_answer_and_before_it_is_done(
    office: Office,
) -> None:
    office.handle = always(Decision(effects=(EYES,), tells=(TELL,), commands=(ASKED,)))

    await office.door.deliver(payload=about(10))

    await office.settled()
    assert office.done == [EYES, ASKED, TELL]


async def test_a_command_is_written_down_although_its_answer_has_to_wait(office: Office) -> None:
    office.refuse["react"] = EffectDelayed("the limit is reached", 60.0)
    office.handle = always(Decision(effects=(EYES,), commands=(ASKED,)))

    async def noted() -> bool:
        return bool(office.done)

    await office.door.deliver(payload=about(10))

    await until(noted)
    assert office.done == [ASKED]


async def test_a_wait_that_github_asks_for_is_no_try(office: Office) -> None:
    office.handle = failing(20, EffectDelayed("the limit is reached", 0.01))

    await office.door.deliver(payload=about(10))

    [row] = await office.settled()
    assert (row.decision, row.attempts) == ("ignore", 1)


async def test_a_delivery_that_waits_holds_up_its_own_repository_alone(door: Door) -> None:
    async with open_office(door, backoff=(2.0,) * 7) as office:
        office.handle = failing_for("guid-1")

        for guid, repository in (("guid-1", 10), ("guid-2", 10), ("guid-3", 11)):
            await door.deliver(payload=about(repository), guid=guid)

        await office.settled()
        order = {guid: office.handled[::-1].index(guid) for guid in office.handled}
        assert order["guid-3"] > order["guid-1"] > order["guid-2"] == 0


def failing_for(guid: str) -> Handle:
    fail = failing(1, KeyError("label"))

    async def decide(delivery: Delivery) -> Decision:
        return await fail(delivery) if delivery.guid == guid else ignore("nothing to do")

    return decide


async def test_one_that_waits_long_lets_the_others_pass(door: Door) -> None:
    async with open_office(door, backoff=(90.0,) * 7) as office:
        office.handle = failing_for("guid-1")
        await door.deliver(payload=about(10), guid="guid-1")
        await door.deliver(payload=about(10), guid="guid-2")

        await office.settled("guid-2")

        row = await door.row("guid-1")
        assert (row.decision, row.reason, row.attempts) == ("error", "KeyError: 'label'", 1)
        assert row.due_at == pytest.approx(time.time() + 90, abs=80)


async def test_a_repository_is_handled_in_order_and_beside_the_others(office: Office) -> None:
    at_work: Counter[int | None] = Counter()
    widest = 0
    all_are_there = asyncio.Event()

    async def decide(delivery: Delivery) -> Decision:
        nonlocal widest
        await all_are_there.wait()
        at_work[delivery.repository_id] += 1
        assert at_work[delivery.repository_id] == 1
        widest = max(widest, at_work.total())
        await asyncio.sleep(0.002)
        at_work[delivery.repository_id] -= 1
        return ignore("nothing to do")

    office.handle = decide
    for n in range(120):
        await office.door.deliver(payload=about(n % 20), guid=f"{n % 20}/{n}")
    all_are_there.set()

    rows = await office.settled()
    assert {row.attempts for row in rows} == {1}
    for repository in range(20):
        mine = [guid for guid in office.handled if guid.startswith(f"{repository}/")]
        assert mine == [f"{repository}/{n}" for n in range(repository, 120, 20)]
    assert 2 <= widest <= 12  # eight side by side, and four that were begun early


class Unwritten(Journal):
    """What became of deliveries stays on its way to the disk."""

    def settle(self, settlement: Settlement) -> asyncio.Future[int]:
        return asyncio.get_running_loop().create_future()


async def test_a_repositorys_next_delivery_does_not_wait_until_the_last_one_is_settled(
    door: Door,
) -> None:
    journal = await Unwritten.open(door.database.file or door.database.url)
    async with open_office(replace(door, journal=journal)) as office:

        async def handled(number: int) -> None:
            body = json.dumps(about(10)).encode()
            await journal.enter(arrival(f"guid-{number}", "issues", body))
            async with asyncio.timeout(PATIENCE):
                while len(office.handled) < number:
                    await asyncio.sleep(0.01)

        await handled(1)
        await handled(2)
    await journal.close()

    assert office.handled == ["guid-1", "guid-2"]


async def test_a_repository_that_hangs_does_not_stop_the_others(office: Office) -> None:
    async def decide(delivery: Delivery) -> Decision:
        if delivery.repository_id == 10:
            await asyncio.sleep(3600)
        return ignore("nothing to do")

    office.handle = decide
    await office.door.deliver(payload=about(10), guid="hangs")
    for n in range(20):
        await office.door.deliver(payload=about(11), guid=f"guid-{n}")

    await office.settled("guid-19")

    assert (await office.door.row("hangs")).decision == DecisionKind.PENDING


@pytest.mark.parametrize("body", [b"[]", b"null", b' "text"', b"5"])
async def test_a_payload_that_is_no_object_is_ignored_unhandled(
    office: Office, body: bytes
) -> None:
    assert await office.door.deliver("issues", body) == 202

    [row] = await office.settled()
    assert (row.decision, row.reason) == ("ignore", "the payload is not a JSON object")
    assert office.handled == []


async def test_what_was_open_when_the_service_ended_is_handled_at_the_next_start(url: str) -> None:
    async with open_door(url) as door:
        for n in range(50):
            await door.deliver(payload=about(10), guid=f"guid-{n}")
        async with open_office(door) as office:
            office.handle = failing_for("guid-0")
            await office.settled("guid-9")
            before = office.handled

    async with open_door(url) as door, open_office(door) as office:
        rows = await office.settled()

    assert {row.decision for row in rows} == {DecisionKind.IGNORE}
    assert set(before) | set(office.handled) == {f"guid-{n}" for n in range(50)}
    assert office.handled == sorted(office.handled, key=lambda guid: int(guid[5:]))


async def test_an_act_that_was_cut_short_is_asked_for_again(url: str) -> None:
    cut = asyncio.Event()

    async def decide(_delivery: Delivery) -> Decision:
        cut.set()
        await asyncio.sleep(3600)
        raise AssertionError

    async with open_door(url) as door, open_office(door) as office:
        office.handle = decide
        await door.deliver(payload=about(10), guid="guid-1")
        await cut.wait()

    async with open_door(url) as door, open_office(door) as office:
        office.handle = always(Decision(starts=(START,)))
        [row] = await office.settled()

    assert (row.decision, row.attempts, office.done) == ("start", 1, [START])


async def test_a_wait_outlives_a_restart(url: str) -> None:
    async with open_door(url) as door, open_office(door) as office:
        office.handle = failing(1, EffectDelayed("the limit is reached", 5))
        await door.deliver(payload=about(10), guid="guid-1")

        async def waits() -> bool:
            return (await door.row("guid-1")).reason is not None

        await until(waits)
        due_at = (await door.row("guid-1")).due_at

    async with open_door(url) as door, open_office(door) as office:
        assert await door.deliver(payload=about(11), guid="guid-2") == 202
        await office.settled()

        assert office.handled == ["guid-2", "guid-1"]
        assert due_at is not None
        assert time.time() >= due_at


async def test_intake_goes_first(office: Office) -> None:
    """While deliveries wait for their commit, the dispatcher takes a few a second."""
    began = time.monotonic()
    office.door.journal.arriving += 1
    for n in range(100):
        await office.door.deliver(payload=about(10), guid=f"guid-{n}")
    await asyncio.sleep(0.5)
    meanwhile = len(office.handled)
    office.door.journal.arriving -= 1

    assert 1 <= meanwhile <= 10 * (time.monotonic() - began) + 10
    assert len(await office.settled()) == 100


async def test_every_example_of_githubs_events_gets_its_decision(office: Office) -> None:
    for event, payload in payloads():
        await office.door.deliver(event, payload)

    rows = await office.settled()
    assert {(row.decision, row.reason) for row in rows} == {("ignore", "nothing to do")}
    assert len(rows) == 329
