"""The trigger label starts and ends runs; issues that go away end them."""

from typing import Any

import pytest

from bot.errors import EffectDelayed, EffectRefused
from bot.runs import (
    Comment,
    Decision,
    Message,
    MessageKind,
    Permission,
    React,
    Run,
    RunStatus,
    Start,
    Stop,
    Tell,
    ignore,
    run_id,
)
from tests.handlers.payloads import gone, labeled, unlabeled, where
from tests.handlers.world import GUID, NOW, Unreachable, World, run

EYES = React(issue=7, content="eyes")
CONFUSED = React(issue=7, content="confused")


def stopped(reason: str, by: str | None = "ana") -> Decision:
    message = Message(kind=MessageKind.STOP, by=by, reason=reason)
    return Decision(tells=(Tell(run_id="a1b2c3d4e5f6", message=message, key=f"{GUID}/0"),))


async def test_the_trigger_label_starts_a_run(world: World) -> None:
    decision = await world.decide("issues", labeled())

    expected = run(RunStatus.QUEUED, id=run_id(GUID))
    assert decision == Decision(starts=(Start(run=expected),), effects=(EYES,))


async def test_a_label_has_no_case(world: World) -> None:
    assert (await world.decide("issues", labeled("Coppice"))).starts


async def test_the_repository_may_choose_its_label_and_pipeline(world: World) -> None:
    world.github.rules = "trigger: {label: grow}\n"

    assert (await world.decide("issues", labeled("grow"))).starts
    assert await world.decide("issues", labeled()) == ignore("label `coppice` is not a trigger")


async def test_another_label_is_ignored_without_asking_about_the_person(world: World) -> None:
    world.github.permissions = {}

    assert await world.decide("issues", labeled("docs")) == ignore("label `docs` is not a trigger")


@pytest.mark.parametrize(
    ("by", "reason"), [("app", "sender is this app"), ("bot", "sender helper is a bot")]
)
async def test_machines_are_ignored_before_anything_is_read(
    world: World, by: str, reason: str
) -> None:
    world.github = Unreachable()

    assert await world.decide("issues", labeled(by=by)) == ignore(reason)


async def test_a_person_with_our_name_is_no_more_than_that_person(world: World) -> None:
    assert (await world.decide("issues", labeled(by="impostor"))).effects == (CONFUSED,)


async def test_triage_gets_one_comment_for_the_issue(world: World) -> None:
    decision = await world.decide("issues", labeled(by="raj"))

    body = (
        "Not started: `label coppice` by `raj` needs write access; `raj` has triage.\n\n"
        "- [ ] Start it for `raj` (write access)"
    )
    assert decision == Decision(
        effects=(CONFUSED, Comment(issue=7, purpose="refusal-2", body=body, once=True)),
        reason="label coppice needs write access; raj has triage",
    )


async def test_somebody_without_any_access_gets_nothing(world: World) -> None:
    world.github.permissions["eve"] = Permission.NONE

    decision = await world.decide("issues", labeled(by="eve"))

    assert decision == ignore("label coppice needs write access; eve has none")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"state": "closed"}, "the issue is closed"),
        ({"pull_request": {}}, "it is a pull request, not an issue"),
    ],
)
async def test_what_cannot_be_worked_on_is_ignored(
    world: World, changes: dict[str, Any], reason: str
) -> None:
    assert await world.decide("issues", labeled(**changes)) == ignore(reason)


async def test_an_archived_repository_is_ignored(world: World) -> None:
    payload = {**labeled(), **where("ana", archived=True)}

    assert await world.decide("issues", payload) == ignore("the repository is archived")


@pytest.mark.parametrize("status", [RunStatus.QUEUED, RunStatus.WAITING, RunStatus.VERIFYING])
async def test_a_second_start_while_one_lives_is_ignored(world: World, status: RunStatus) -> None:
    world.has(run(status))

    assert await world.decide("issues", labeled()) == ignore("run a1b2c3 is working on this")


async def test_the_label_put_on_again_waits_for_the_run_that_ends(world: World) -> None:
    there = world.has(run(stop=Stop(by="ana", reason="label coppice taken off by ana")))
    world.runs.all[0] = there.model_copy(update={"updated_at": NOW - 5})
    with pytest.raises(EffectDelayed, match="run a1b2c3 is about to end"):
        await world.decide("issues", labeled())

    world.runs.all[0] = there.model_copy(update={"updated_at": NOW - 600})
    assert await world.decide("issues", labeled()) == ignore("run a1b2c3 is working on this")

    world.runs.all[0] = there.model_copy(update={"status": RunStatus.CANCELLED})
    assert (await world.decide("issues", labeled())).starts


async def test_the_same_delivery_decides_the_same_while_its_run_lives(world: World) -> None:
    first = await world.decide("issues", labeled())
    world.has(run(id=run_id(GUID)))

    assert await world.decide("issues", labeled()) == first


async def test_an_ended_run_is_in_nobodys_way(world: World) -> None:
    world.has(run(RunStatus.FAILED))

    assert (await world.decide("issues", labeled())).starts


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("triger: {}", "Unknown key `triger`; did you mean `trigger`?"),
        ("pipeline: nope", "There is no pipeline `nope`."),
        (": :", "It is not YAML that Coppice takes"),
    ],
)
async def test_a_bad_configuration_starts_nothing_and_is_said_once(
    world: World, rules: str, said: str
) -> None:
    world.github.rules = rules

    decision = await world.decide("issues", labeled())

    (comment,) = decision.effects
    assert isinstance(comment, Comment)
    assert (decision.starts, comment.purpose) == ((), "configuration")
    assert said in comment.body


async def test_a_configuration_that_the_app_may_not_read_is_said(world: World) -> None:
    lacking = "The App lacks the permission `contents` for this."
    world.github.rules = EffectRefused("no_access", lacking)

    decision = await world.decide("issues", labeled())

    (comment,) = decision.effects
    assert isinstance(comment, Comment)
    assert decision.starts == ()
    assert lacking in comment.body


async def test_a_bad_configuration_is_not_told_to_strangers(world: World) -> None:
    world.github.rules = "triger: {}"

    assert (await world.decide("issues", labeled(by="eve"))).effects == (CONFUSED,)


async def test_title_and_body_are_the_events_own(world: World) -> None:
    payload = labeled(title="A\0B", body=None, updated_at="2026-02-02T02:02:02Z")

    (start,) = (await world.decide("issues", payload)).starts

    assert isinstance(start, Start)
    assert (start.run.trigger.title, start.run.trigger.body) == ("AB", "")
    assert start.run.trigger.at == "2026-02-02T02:02:02Z"


async def test_taking_the_label_off_stops_the_run(world: World) -> None:
    world.has(run())

    assert await world.decide("issues", unlabeled()) == stopped("label coppice taken off by ana")


async def test_taking_another_label_off_stops_nothing(world: World) -> None:
    world.has(run())

    decision = await world.decide("issues", unlabeled("docs"))

    assert decision == ignore("label `docs` is not a trigger")


async def test_taking_the_label_off_works_with_a_broken_configuration(world: World) -> None:
    world.has(run())
    world.github.rules = "triger: {}"

    assert (await world.decide("issues", unlabeled())).tells


async def test_triage_may_not_stop_by_label(world: World) -> None:
    world.has(run())

    decision = await world.decide("issues", unlabeled(by="raj"))

    assert (decision.tells, len(decision.effects)) == ((), 2)


@pytest.mark.parametrize("what", ["closed", "deleted", "transferred"])
async def test_an_issue_that_goes_away_ends_its_run(world: World, what: str) -> None:
    world.has(run())

    decision = await world.decide("issues", gone(what, by="eve"))

    assert decision == stopped(f"the issue was {what} by eve", by="eve")


@pytest.mark.parametrize("what", ["closed", "deleted", "transferred"])
async def test_an_issue_without_a_run_is_ignored(world: World, what: str) -> None:
    assert await world.decide("issues", gone(what)) == ignore("no run is at work on this issue")


@pytest.mark.parametrize("payload", [gone("closed"), unlabeled()])
async def test_an_open_pull_request_decides_itself(
    world: World, payload: dict[str, object]
) -> None:
    world.has(followed())

    decision = await world.decide("issues", payload)

    assert decision == ignore("run a1b2c3 is done; its pull request decides")


async def test_a_bot_that_closes_issues_ends_nothing(world: World) -> None:
    world.has(run())

    assert await world.decide("issues", gone("closed", by="bot")) == ignore(
        "sender helper is a bot"
    )


def followed() -> Run:
    return run(RunStatus.DONE, following=True, pull_request=12)
