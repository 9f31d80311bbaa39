"""Buttons and re-runs of check runs: ours only, and by people with write access."""

from typing import Any

import pytest

from bot.runs import Again, Decision, Message, MessageKind, RunStatus, Tell, Work, ignore
from tests.handlers.payloads import check_run, check_suite
from tests.handlers.world import GUID, World, run

ID = "a1b2c3d4e5f6"


def told(kind: MessageKind, reason: str) -> Decision:
    message = Message(kind=kind, by="ana", by_id=1, reason=reason)
    return Decision(tells=(Tell(run_id=ID, message=message, key=f"{GUID}/0"),))


def again(stage: str | None = None) -> Decision:
    return Decision(starts=(Again(run_id=ID, key=f"{GUID}/0", stage=stage, by="ana", by_id=1),))


async def test_the_button_stop_ends_the_run(world: World) -> None:
    world.has(run())

    decision = await world.decide("check_run", check_run("requested_action", button="stop"))

    assert decision == told(MessageKind.STOP, "the button Stop by ana")


async def test_the_button_retry_goes_on(world: World) -> None:
    world.has(run(RunStatus.FAILED))

    decision = await world.decide("check_run", check_run("requested_action", button="retry"))

    assert decision == again()


async def test_a_rerun_of_the_run_itself_is_a_retry(world: World) -> None:
    world.has(run(RunStatus.FAILED))

    assert await world.decide("check_run", check_run("rerequested")) == again()


async def test_a_rerun_of_a_verdict_begins_at_its_stage(world: World) -> None:
    world.has(run(RunStatus.FAILED))
    verdict = check_run("rerequested", name="Coppice / verify", external_id=f"{ID}/verify-2/abc")

    assert await world.decide("check_run", verdict) == again("verify")


async def test_a_rerun_with_an_open_pull_request_is_one_more_round(world: World) -> None:
    world.has(run(RunStatus.DONE, following=True, pull_request=12))

    decision = await world.decide("check_run", check_run("rerequested"))

    assert decision == told(MessageKind.RETRY, "re-run of Coppice")


async def test_a_rerun_of_a_verdict_on_an_open_pull_request_is_no_round(world: World) -> None:
    ours = run(RunStatus.DONE, following=True, pull_request=12)
    work = ours.work.model_copy(update={"branch": "coppice/7-a1b2c3"})
    world.has(ours.model_copy(update={"work": work}))
    verdict = check_run("rerequested", name="Coppice / verify", external_id=f"{ID}/verify-2/abc")

    one = await world.decide("check_run", verdict)
    all_of_them = await world.decide("check_suite", check_suite("coppice/7-a1b2c3"))

    messages = [tell.message for tell in (*one.tells, *all_of_them.tells)]
    assert [(m.kind, m.stage, m.verdicts) for m in messages] == [
        (MessageKind.RETRY, "verify", True),
        (MessageKind.RETRY, None, True),
    ]


async def test_a_rerun_of_the_suite_goes_on_with_its_branch(world: World) -> None:
    failed = run(RunStatus.FAILED)
    work = failed.work.model_copy(update={"branch": "coppice/7-a1b2c3"})
    world.has(failed.model_copy(update={"work": work}))

    assert await world.decide("check_suite", check_suite("coppice/7-a1b2c3")) == again()
    assert await world.decide("check_suite", check_suite("main")) == ignore(
        "the check suite belongs to no run"
    )


async def test_a_suite_that_names_no_branch_is_known_by_its_pull_request(world: World) -> None:
    world.has(run(RunStatus.DONE, following=True, pull_request=12))

    decision = await world.decide("check_suite", check_suite(None, pull_requests=[{"number": 12}]))

    (tell,) = decision.tells
    assert (tell.message.kind, tell.message.verdicts) == (MessageKind.RETRY, True)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (check_run("rerequested", app_id=9), "the check run is of another app"),
        (check_run("rerequested", by="bot"), "sender helper is a bot"),
        (check_run("rerequested", by="app"), "sender is this app"),
        (check_run("rerequested", by="raj"), "it needs write access; raj has triage"),
        (check_run("rerequested", by="eve"), "it needs write access; eve has read"),
        (check_run("rerequested", external_id="zzz/run-0/a"), "the check run belongs to no run"),
        (check_run("rerequested", external_id=""), "the check run belongs to no run"),
        (check_run("requested_action", button="merge"), "there is no button `merge`"),
    ],
)
async def test_what_is_not_ours_or_not_allowed_is_ignored(
    world: World, payload: dict[str, Any], reason: str
) -> None:
    world.has(run(RunStatus.FAILED))

    assert await world.decide("check_run", payload) == ignore(reason)


async def test_a_run_of_another_repository_is_not_touched(world: World) -> None:
    other = run().repository.model_copy(update={"id": 78})
    world.has(run(repository=other))

    decision = await world.decide("check_run", check_run("requested_action", button="stop"))

    assert decision == ignore("the check run belongs to no run")


async def test_a_button_that_comes_too_late_is_ignored(world: World) -> None:
    world.has(run())
    retried = await world.decide("check_run", check_run("requested_action", button="retry"))
    world.runs.all = [run(RunStatus.FAILED)]
    stopped = await world.decide("check_run", check_run("requested_action", button="stop"))

    assert retried.reason is not None
    assert retried.reason.startswith("Run `a1b2c3` is working on this")
    assert stopped == ignore("run a1b2c3 has ended")


@pytest.mark.parametrize("by", ["raj", "bot"])
async def test_the_suite_too_is_for_people_with_write_access(world: World, by: str) -> None:
    failed = run(RunStatus.FAILED)
    world.has(failed.model_copy(update={"work": failed.work.model_copy(update={"branch": "b"})}))

    assert (await world.decide("check_suite", check_suite("b", by))).starts == ()
    assert (await world.decide("check_suite", check_suite("b", app_id=9))).starts == ()


@pytest.mark.parametrize(
    ("button", "kind", "shown"),
    [
        ("approve-3b7e3b7e", MessageKind.APPROVE, "3b7e3b7e"),
        ("reject-3b7e3b7e", MessageKind.REJECT, None),
    ],
)
async def test_the_plan_that_is_shown_is_answered_by_buttons(
    world: World, button: str, kind: MessageKind, shown: str | None
) -> None:
    world.has(run(RunStatus.WAITING, work=Work(plan_hash="3b7e" * 16)))

    decision = await world.decide("check_run", check_run("requested_action", button=button))

    (tell,) = decision.tells
    assert (tell.message.kind, tell.message.hash) == (kind, shown)


async def test_a_button_for_a_plan_that_no_longer_waits_does_nothing(world: World) -> None:
    world.has(run())
    pressed = check_run("requested_action", button="approve-3b7e3b7e")

    decision = await world.decide("check_run", pressed)

    assert decision == ignore("no plan waits for an approval here")


async def test_a_button_is_about_the_plan_that_it_stood_below(world: World) -> None:
    world.has(run(RunStatus.WAITING, work=Work(plan_hash="ffff" * 16)))

    async def press(button: str) -> Decision:
        return await world.decide("check_run", check_run("requested_action", button=button))

    (tell,) = (await press("approve-3b7e3b7e")).tells
    assert tell.message.hash == "3b7e3b7e"  # the run says that it waits for another one
    assert await press("reject-3b7e3b7e") == ignore(
        "the button was that of `3b7e3b7e`; what waits now is `ffffffff`"
    )
    assert (await press("approve")).tells == ()
