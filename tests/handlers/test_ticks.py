"""A ticked box is the command that it stands for, of whoever ticked it, and nothing else is."""

import pytest

from bot.github.texts import answers
from bot.runs import (
    Again,
    Budget,
    MessageKind,
    Permission,
    Publish,
    RunStatus,
    Start,
    Work,
    ignore,
)
from handlers.ticks import ticked as box_of
from tests.handlers.payloads import commented, ticked, where
from tests.handlers.world import GUID, MARKERS, Unreachable, World, run

HASH = "3b7e" * 16
ID = "a1b2c3d4e5f6"
MARKER = MARKERS.make("status", ID)
BEFORE = (
    "**Working**\n\n- [ ] Stop\n- [ ] Retry with $2.00 more\n- [ ] Approve plan `3b7e`\n" + MARKER
)


def tick(text: str, before: str = BEFORE) -> str:
    return before.replace(f"- [ ] {text}", f"- [x] {text}")


async def test_a_ticked_box_is_the_command_of_its_sender(world: World) -> None:
    world.has(run())

    decision = await world.decide("issue_comment", ticked(BEFORE, tick("Stop")))

    (tell,) = decision.tells
    assert (tell.message.kind, tell.message.by, tell.key) == (MessageKind.STOP, "ana", f"{GUID}/0")
    assert tell.message.comment_id is None
    assert decision.effects == ()


async def test_a_plan_is_approved_by_the_hash_in_its_box(world: World) -> None:
    world.has(run(RunStatus.WAITING, work=Work(plan_hash=HASH)))

    decision = await world.decide("issue_comment", ticked(BEFORE, tick("Approve plan `3b7e`")))

    assert decision.tells[0].message.hash == HASH


async def test_the_box_of_an_older_plan_is_refused_in_words(world: World) -> None:
    world.has(run(RunStatus.WAITING, work=Work(plan_hash="ffff" * 16)))

    decision = await world.decide("issue_comment", ticked(BEFORE, tick("Approve plan `3b7e`")))

    assert decision.tells == ()
    assert "is not the plan that waits" in str(decision.effects)


async def test_retry_with_money_carries_the_budget(world: World) -> None:
    world.has(run(RunStatus.BLOCKED, kind="budget"))

    decision = await world.decide("issue_comment", ticked(BEFORE, tick("Retry with $2.00 more")))

    (again,) = decision.starts
    assert isinstance(again, Again)
    assert again.budget is not None
    assert again.budget.usd == 2.0


async def test_retry_with_what_else_was_bounded_carries_it_too(world: World) -> None:
    world.has(run(RunStatus.BLOCKED, kind="budget"))
    more = "Retry with 0.2 min and 60,000 tokens and 1,200 turns more"
    before = BEFORE.replace("Retry with $2.00 more", more)

    decision = await world.decide("issue_comment", ticked(before, tick(more, before)))

    (again,) = decision.starts
    assert isinstance(again, Again)
    assert again.budget == Budget(minutes=0.2, tokens=60_000, turns=1_200)


async def test_somebody_who_may_starts_it_for_another(world: World) -> None:
    command = "/coppice run publish=patch keep it small"
    box = f"{answers.needs_write(command, 'raj', Permission.TRIAGE, 'https://h/c/1')}\n{MARKER}"

    decision = await world.decide("issue_comment", ticked(box, box.replace("[ ]", "[x]")))

    (start,) = decision.starts
    assert isinstance(start, Start)
    assert start.run.trigger.by.login == "ana"
    assert (start.run.trigger.goal, start.run.publish) == ("keep it small", Publish.PATCH)


@pytest.mark.parametrize(
    ("asked", "plan_only", "goal"),
    [
        ("/coppice plan only the docs", True, "only the docs"),
        ("label coppice:plan", True, None),
        ("label coppice", False, None),
    ],
)
async def test_what_is_started_for_another_is_what_was_asked_for(
    world: World, asked: str, plan_only: bool, goal: str | None
) -> None:
    box = f"{answers.needs_write(asked, 'raj', Permission.TRIAGE)}\n{MARKER}"

    decision = await world.decide("issue_comment", ticked(box, box.replace("[ ]", "[x]")))

    (start,) = decision.starts
    assert isinstance(start, Start)
    trigger = start.run.trigger
    assert (trigger.options.plan_only, trigger.goal) == (plan_only, goal)


async def test_who_lacks_write_access_ticks_in_vain(world: World) -> None:
    world.has(run())

    decision = await world.decide("issue_comment", ticked(BEFORE, tick("Stop"), by="raj"))

    assert (decision.starts, decision.tells) == ((), ())
    assert "needs write access" in (decision.reason or "")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BEFORE, BEFORE),
        (BEFORE, tick("Stop") + "- [x] Run CI"),
        (BEFORE, tick("Stop", tick("Retry with $2.00 more"))),
        (BEFORE, BEFORE.replace("- [ ] Stop", "- [x] Run CI")),
        (tick("Stop"), BEFORE),
        (BEFORE, BEFORE.replace("Working", "Done")),
        ("", tick("Stop")),
    ],
)
def test_any_other_edit_is_no_tick(before: str, after: str) -> None:
    assert box_of(before, after) is None


def test_line_ends_make_no_difference() -> None:
    assert box_of(BEFORE.replace("\n", "\r\n"), tick("Stop")) == "Stop"


async def test_boxes_in_other_peoples_comments_are_not_ours(world: World) -> None:
    world.github = Unreachable()

    decision = await world.decide("issue_comment", ticked(BEFORE, tick("Stop"), author="raj"))

    assert decision == ignore("edited comments are not read")


async def test_our_own_edits_tick_nothing(world: World) -> None:
    world.github = Unreachable()

    decision = await world.decide("issue_comment", ticked(BEFORE, tick("Stop"), by="app"))

    assert decision == ignore("sender is this app")


async def test_a_box_that_is_none_of_ours_does_nothing(world: World) -> None:
    before = f"- [ ] Merge it\n{MARKER}"

    decision = await world.decide("issue_comment", ticked(before, before.replace("[ ]", "[x]")))

    assert decision == ignore("no box was ticked")


async def test_a_box_in_our_pull_request_is_a_command_too(world: World) -> None:
    world.has(run(RunStatus.DONE, following=True, pull_request=12))
    author = commented("", "app")["comment"]["user"]
    body = MARKERS.wrap("Text\n\n- [ ] Run CI\n- [ ] Ready for review", ID)
    payload = {
        "action": "edited",
        "pull_request": {
            "number": 12,
            "html_url": "https://h/12",
            "body": body.replace("- [ ] Run", "- [x] Run"),
            "user": author,
        },
        "changes": {"body": {"from": body}},
        **where("ana"),
    }

    decision = await world.decide("pull_request", payload)

    assert [tell.message.kind for tell in decision.tells] == [MessageKind.CI]


@pytest.mark.parametrize("by", ["ana", "raj", "dependabot[bot]"])
async def test_another_base_of_our_pull_request_is_told_whoever_chose_it(
    world: World, by: str
) -> None:
    world.has(run(RunStatus.DONE, following=True, pull_request=12))
    payload = {
        "action": "edited",
        "pull_request": {"number": 12, "html_url": "https://h/12", "body": "", "user": None},
        "changes": {"base": {"ref": {"from": "main"}, "sha": {"from": "0" * 40}}},
        **where("ana"),
    }
    payload["sender"] = {"id": 77, "login": by, "type": "Bot" if "[" in by else "User"}

    decision = await world.decide("pull_request", payload)

    assert [tell.message.kind for tell in decision.tells] == [MessageKind.BASE]


@pytest.mark.parametrize("marker", ["", MARKER[:-6] + "00 -->", MARKER.replace("status", "plan")])
async def test_a_box_under_a_forged_marker_is_none_of_ours(world: World, marker: str) -> None:
    world.has(run())
    before = BEFORE.replace(MARKER, marker)

    decision = await world.decide("issue_comment", ticked(before, tick("Stop", before)))

    assert decision == ignore("no box was ticked")


@pytest.mark.parametrize("box", ["Stop", "Retry with $2.00 more", "Approve plan `3b7e`"])
async def test_a_box_in_the_comment_of_an_older_run_does_nothing_to_the_newer_one(
    world: World, box: str
) -> None:
    world.has(run(RunStatus.FAILED))
    world.has(run(RunStatus.WAITING, id="ffffffffffff", work=Work(plan_hash=HASH)))

    decision = await world.decide("issue_comment", ticked(BEFORE, tick(box)))

    assert (decision.starts, decision.tells) == ((), ())
    assert "This box is of run `a1b2c3`; run `ffffff` came after it" in str(decision.effects)
