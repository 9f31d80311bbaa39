"""A label of which nobody heard, from before GitHub's delivery log, is found once, and only where
it was put on while somebody should have listened."""

import asyncio
import time
from base64 import b64encode
from functools import partial

import pytest
from sqlalchemy import delete

from bot.forge.records import TimelineEvent
from bot.forge.state import iso
from bot.intake.journal import Journal
from bot.intake.sweep import KEPT_SECONDS
from bot.runs import DecisionKind, Permission, RunStatus, Start
from bot.store import listened, tables
from bot.store.journal.arrivals import Settlement
from bot.store.keeping import retention
from bot.store.keeping.retention import What
from tests.intake.house import DAY, FIVE, House


async def test_a_label_from_before_the_log_comes_once_under_its_events_id(house: House) -> None:
    event = await house.label()

    assert await house.look() == [f"labeled-event-{event.id}"]
    assert await house.look() == [f"labeled-event-{event.id}"]
    (row,) = await house.rows()
    ref = house.world.repository
    found = (row.event, row.action, row.repository_id, row.number, row.installation_id)
    assert found == ("issues", "labeled", ref.id, 1, ref.installation_id)
    assert iso(row.received_at) == event.created_at


async def test_its_handler_starts_the_run_by_the_words_of_then(house: House) -> None:
    event = await house.label()
    (guid,) = await house.look()

    decision = await house.decided(guid, Permission.WRITE)

    (start,) = decision.starts
    assert isinstance(start, Start)
    trigger = start.run.trigger
    assert (trigger.title, trigger.at) == (house.issue().title, event.created_at)
    assert event.actor is not None
    assert (trigger.delivery, trigger.by.login) == (guid, event.actor.login)


async def test_the_label_of_somebody_who_may_not_starts_nothing(house: House) -> None:
    await house.label(who="triager")
    (guid,) = await house.look()

    decision = await house.decided(guid, Permission.TRIAGE)

    assert decision.starts == ()


async def test_the_label_of_another_bot_starts_nothing(house: House) -> None:
    event = await house.label()
    event.actor = house.world.forge.forge.state.add_user("helper[bot]", type="Bot")
    (guid,) = await house.look()

    decision = await house.decided(guid, Permission.WRITE)

    assert (decision.starts, decision.reason) == ((), "sender helper[bot] is a bot")


async def test_a_label_of_our_own_is_no_wish(house: House) -> None:
    event = await house.label()
    event.actor = house.us

    assert await house.look() == []


async def test_the_label_for_a_plan_counts_too(house: House) -> None:
    event = await house.label(name="coppice:plan")

    assert await house.look() == [f"labeled-event-{event.id}"]


async def test_the_label_that_the_repository_names_is_the_one(house: House) -> None:
    path = "/contents/.github/coppice.yml"
    text = b64encode(b"trigger: {label: do it}\n").decode()
    there = (await house.world.call("GET", path))["sha"]
    file = {"message": "Rules", "content": text, "sha": there}
    await house.world.call("PUT", path, file)
    await house.label(1)
    event = await house.label(2, name="Do it")

    assert await house.look() == [f"labeled-event-{event.id}"]


@pytest.mark.parametrize("ago", [KEPT_SECONDS - 60, 31 * DAY])
async def test_what_the_log_has_or_nobody_waits_for_is_let_be(house: House, ago: float) -> None:
    await house.listened(60 * DAY)
    await house.label(ago=ago)

    assert await house.look() == []


# --- before anybody listened ---------------------------------------------------------------------


async def test_a_fresh_installation_starts_nothing_of_what_is_labelled(house: House) -> None:
    await house.database.write(lambda c: c.execute(delete(tables.marks)))
    for number in (1, 2, 3):
        await house.label(number)

    assert await house.look() == []
    assert await house.look() == []
    ids = [house.world.repository.id]
    known = await house.database.read(partial(listened.since, listed=ids))
    assert known[ids[0]] > time.time() - 600


async def test_the_oldest_delivery_of_a_repository_says_since_when_it_is_known(
    house: House,
) -> None:
    await house.database.write(lambda c: c.execute(delete(tables.marks)))
    await house.label(2, ago=9 * DAY)
    event = await house.label(ago=FIVE)
    earlier = TimelineEvent(id=1, event="opened", actor=None, created_at=iso(time.time() - 7 * DAY))
    await house.heard(earlier)

    assert await house.look() == [f"labeled-event-{event.id}"]


async def test_what_was_put_on_before_the_app_was_installed_again_starts_nothing(
    house: House,
) -> None:
    await house.label()
    house.installation.created_at = iso(time.time() - 4 * DAY)

    assert await house.look() == []


async def test_what_was_put_on_while_the_repository_was_taken_out_starts_nothing(
    house: House,
) -> None:
    await house.label()
    house.installation.repository_ids = set()
    await house.look()
    house.installation.repository_ids = None

    assert await house.look() == []


async def test_a_suspended_installation_is_not_listened_to(house: House) -> None:
    await house.label()
    house.installation.suspended_at = iso(time.time())
    await house.look()
    house.installation.suspended_at = None

    assert await house.look() == []


# --- what came of it already ---------------------------------------------------------------------


@pytest.mark.parametrize("status", [RunStatus.DONE, RunStatus.FAILED, RunStatus.WAITING])
async def test_an_issue_that_had_a_run_since_starts_none(house: House, status: RunStatus) -> None:
    await house.label()
    then = time.time() - FIVE + 60
    await house.has(status=status, created_at=then, updated_at=then)

    assert await house.look() == []


async def test_a_run_from_before_the_label_is_not_in_its_way(house: House) -> None:
    event = await house.label()
    then = time.time() - FIVE - DAY
    await house.has(status=RunStatus.FAILED, created_at=then, updated_at=then)

    assert await house.look() == [f"labeled-event-{event.id}"]


async def test_a_label_that_was_heard_of_then_does_not_come_again(house: House) -> None:
    await house.heard(await house.label())

    assert await house.look() == []


async def test_one_whose_row_was_cleaned_away_does_not_come_again(house: House) -> None:
    seq = await house.heard(await house.label(ago=9 * DAY))
    await house.journal.settle(Settlement(seq, DecisionKind.IGNORE, 1, "not then"))
    for what in What:
        remove = partial(retention.remove, what=what, before=time.time() - 8 * DAY)
        while await house.database.write(remove):
            pass

    assert await house.rows() == []
    assert await house.look() == []


async def test_a_database_that_was_restored_starts_nothing_that_we_have_answered(
    house: House,
) -> None:
    await house.label()
    ours = await house.label(name="coppice:working", ago=FIVE - 60)
    ours.actor = house.us

    assert await house.look() == []


async def test_two_processes_that_look_at_once_start_it_once(house: House) -> None:
    event = await house.label()
    other = await Journal.open(house.database.file or house.database.url)
    labels = (await house.looker()).labels

    try:
        counts = await asyncio.gather(labels.once(house.journal.enter), labels.once(other.enter))
    finally:
        await other.close()

    assert sum(counts) == 1
    assert [row.guid for row in await house.rows()] == [f"labeled-event-{event.id}"]


# --- what stands there now -----------------------------------------------------------------------


async def test_a_closed_issue_is_let_be(house: House) -> None:
    await house.label()
    await house.world.call("PATCH", "/issues/1", {"state": "closed"})

    assert await house.look() == []


async def test_an_archived_repository_is_let_be(house: House) -> None:
    await house.label()
    house.issue().repository.archived = True

    assert await house.look() == []


@pytest.mark.parametrize("change", [{"body": "Now do something else."}, {"title": "Else"}])
async def test_words_that_were_changed_after_the_label_start_nothing(
    house: House, change: dict[str, str]
) -> None:
    await house.label()
    await house.world.call("PATCH", "/issues/1", change)

    assert await house.look() == []


async def test_a_label_that_was_put_on_again_counts_by_its_last_time(house: House) -> None:
    await house.label(ago=10 * DAY)
    await house.unlabel(ago=9 * DAY)
    event = await house.label()

    assert await house.look() == [f"labeled-event-{event.id}"]


async def test_a_look_that_finds_nothing_new_costs_next_to_nothing(house: House) -> None:
    await house.label()
    looker = await house.looker()
    await looker.labels.once(house.journal.enter)
    limits = house.world.forge.forge.limits
    keys = (f"installation/{house.installation.id}", f"app/{house.installation.app.id}")
    before = [limits.shape(key)["used"] for key in keys]
    assert before[0] > 4

    await looker.labels.once(house.journal.enter)

    assert [limits.shape(key)["used"] for key in keys] == before


async def test_a_repository_that_does_not_answer_hides_no_other_look(house: House) -> None:
    event = await house.label()
    await house.world.fault("error", method="GET", path="/repos/*/issues", times=9, status=502)
    assert await house.look() == []
    await house.world.session.delete(f"{house.world.forge.ready['api_url']}/_forge/faults")

    assert await house.look() == [f"labeled-event-{event.id}"]
