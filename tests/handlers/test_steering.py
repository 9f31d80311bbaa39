"""Notes, short commands, reviews, CI and pushes: what reaches a run, and what does not."""

import pytest

from bot.runs import (
    Again,
    Approval,
    Comment,
    Decision,
    Gate,
    MessageKind,
    Permission,
    Person,
    React,
    Run,
    RunStatus,
    StageRecord,
    StageStatus,
    Work,
    ignore,
)
from tests.handlers.payloads import (
    ci,
    commented,
    issue,
    on_pull_request,
    pushed,
    review,
    review_comment,
    where,
)
from tests.handlers.world import Unreachable, World, run

BRANCH = "coppice/7-a1b2c3"
PASSED = StageStatus.PASSED


def followed() -> Run:
    work = Work(branch=BRANCH, base_ref="main")
    return run(RunStatus.DONE, following=True, pull_request=12, work=work)


def kinds(decision: Decision) -> list[MessageKind]:
    return [tell.message.kind for tell in decision.tells]


@pytest.mark.parametrize("status", [RunStatus.WAITING, RunStatus.RUNNING])
async def test_other_words_are_a_note_to_the_run(world: World, status: RunStatus) -> None:
    world.has(run(status))

    decision = await world.decide("issue_comment", commented("/coppice use a guard\nnot a try"))

    (tell,) = decision.tells
    assert (tell.message.kind, tell.message.text) == (
        MessageKind.NOTE,
        "use a guard\nnot a try",
    )
    assert tell.message.comment_id == 881


async def test_a_note_goes_on_with_an_ended_run(world: World) -> None:
    world.has(run(RunStatus.FAILED))

    decision = await world.decide("issue_comment", commented("/coppice try the other parser"))

    (again,) = decision.starts
    assert isinstance(again, Again)
    assert again.note == "try the other parser"
    assert decision.then == (React(issue=7, comment_id=881, content="rocket"),)


async def test_a_note_where_nothing_ran_is_answered(world: World) -> None:
    decision = await world.decide("issue_comment", commented("/coppice please fix this"))

    assert "There was no run here yet." in str(decision.effects)


async def test_short_commands_are_off_by_default(world: World) -> None:
    world.has(run())

    decision = await world.decide("issue_comment", commented("/stop"))

    assert decision == ignore("short commands are off (`commands: {short: true}`)")


async def test_short_commands_work_where_they_are_on_and_a_run_is(world: World) -> None:
    world.github.rules = "commands: {short: true}"
    world.has(run())

    assert kinds(await world.decide("issue_comment", commented("/stop"))) == [MessageKind.STOP]


async def test_a_short_command_where_no_run_is_belongs_to_another_bot(world: World) -> None:
    world.github = Unreachable()

    decision = await world.decide("issue_comment", commented("/approve"))

    assert decision == ignore("no command in the comment")


async def test_an_unknown_short_command_is_met_with_silence(world: World) -> None:
    world.github.rules = "commands: {short: true}"
    world.has(run())

    decision = await world.decide("issue_comment", commented("/merge"))

    assert decision == ignore("no command in the comment")


@pytest.mark.parametrize("verb", ["ci", "fix", "fix checks", "rebase", "ready"])
async def test_commands_about_the_pull_request_reach_its_run(world: World, verb: str) -> None:
    world.has(followed())

    decision = await world.decide("issue_comment", on_pull_request(f"/coppice {verb}"))

    assert kinds(decision) == [MessageKind(verb.split()[0])]


async def test_fix_takes_checks_or_conflicts(world: World) -> None:
    world.has(followed())

    decision = await world.decide("issue_comment", on_pull_request("/coppice fix everything"))

    assert "It takes `checks` or `conflicts`" in str(decision.effects)


async def test_why_tells_what_was_decided(world: World) -> None:
    world.has(run(RunStatus.FAILED, kind="test:AssertionError"))

    decision = await world.decide("issue_comment", commented("/coppice why"))

    assert "Run `a1b2c3` is failed, asked for by `ana`" in str(decision.effects)


async def test_why_tells_who_approved_the_plan(world: World) -> None:
    approval = Approval(by=Person(id=1, login="ana"), hash="3b7e" * 16, base_sha="b", at=0.0)
    gate = Gate(
        hash="3b7e" * 16,
        base_sha="b",
        asked_at=0.0,
        reasons=("deletes (`a`)",),
        approvals=(approval,),
        passed=True,
    )
    world.has(run(work=Work(gate=gate)))
    stage = StageRecord(run_id="x", key="plan-1/plan-1", name="plan", attempt=1, status=PASSED)
    world.runs.records[world.runs.all[0].id] = [stage]

    said = (await world.decide("issue_comment", commented("/coppice why"))).effects[-1]

    assert isinstance(said, Comment)
    assert "Plan `3b7e3b7e` had to be approved: deletes (`a`)." in said.body
    assert "Approved by `ana` at 00:00 UTC." in said.body


@pytest.mark.parametrize(
    ("status", "said"),
    [(RunStatus.WAITING, "waits for people"), (RunStatus.CANCELLED, "was to be approved")],
)
async def test_why_tells_what_is_asked_only_while_it_waits(
    world: World, status: RunStatus, said: str
) -> None:
    gate = Gate(hash="3b7e" * 16, base_sha="b", asked_at=0.0, reasons=("every plan",))
    world.has(run(status, work=Work(gate=gate)))
    stage = StageRecord(run_id="x", key="plan-1/plan-1", name="plan", attempt=1, status=PASSED)
    world.runs.records[world.runs.all[0].id] = [stage]

    told = (await world.decide("issue_comment", commented("/coppice why"))).effects[-1]

    assert isinstance(told, Comment)
    assert f"Plan `3b7e3b7e` {said}: every plan." in told.body


async def test_a_review_is_told_with_its_number(world: World) -> None:
    world.has(followed())

    (tell,) = (await world.decide("pull_request_review", review())).tells

    assert (tell.message.review_id, tell.key) == (55, "review-55")


async def test_a_single_comment_is_told_with_its_number(world: World) -> None:
    world.has(followed())

    (tell,) = (await world.decide("pull_request_review_comment", review_comment())).tells

    assert (tell.message.comment_ids, tell.key) == ((66,), "comment-66")


@pytest.mark.parametrize(
    ("by", "reason"),
    [
        ("raj", "it needs write access; raj has triage"),
        ("bot", "sender helper is a bot"),
        ("app", "sender is this app"),
    ],
)
async def test_reviews_by_others_do_not_steer(world: World, by: str, reason: str) -> None:
    world.has(followed())

    assert await world.decide("pull_request_review", review(by=by)) == ignore(reason)


async def test_reviews_of_other_pull_requests_are_ignored(world: World) -> None:
    decision = await world.decide("pull_request_review", review())

    assert decision == ignore("pull request #12 is not of Coppice")


@pytest.mark.parametrize("event", ["check_suite", "workflow_run", "status"])
async def test_ci_on_our_branch_is_told(world: World, event: str) -> None:
    world.has(followed())

    (tell,) = (await world.decide(event, ci(event))).tells

    assert (tell.message.kind, tell.message.sha) == (MessageKind.CHECKS, "c" * 40)


@pytest.mark.parametrize("event", ["check_suite", "workflow_run", "status"])
async def test_ci_elsewhere_is_ignored(world: World, event: str) -> None:
    decision = await world.decide(event, ci(event))

    assert decision == ignore("the commit is no head of a pull request of Coppice")


async def test_our_own_checks_say_nothing_new(world: World) -> None:
    world.has(followed())
    payload = ci("check_suite")
    payload["check_suite"]["app"]["id"] = 100

    assert await world.decide("check_suite", payload) == ignore("the check suite is our own")


async def test_a_push_onto_our_branch_is_told_with_its_person(world: World) -> None:
    world.has(followed())

    (tell,) = (await world.decide("push", pushed(BRANCH))).tells

    assert (tell.message.kind, tell.message.by, tell.message.sha) == (
        MessageKind.PUSHED,
        "ana",
        "b" * 40,
    )


async def test_a_base_that_moved_is_told(world: World) -> None:
    world.has(followed())

    assert kinds(await world.decide("push", pushed("main"))) == [MessageKind.BASE]


async def test_an_edit_of_the_issue_is_told_with_the_new_text(world: World) -> None:
    world.has(run(RunStatus.WAITING))
    payload = {
        "action": "edited",
        "issue": issue(title="New", body="New body"),
        "changes": {"title": {"from": "Old"}},
        **where("ana"),
    }

    (tell,) = (await world.decide("issues", payload)).tells

    assert (tell.message.kind, tell.message.title, tell.message.text) == (
        MessageKind.EDITED,
        "New",
        "New body",
    )


async def test_a_flood_of_commands_by_a_stranger_costs_one_read_and_one_reaction(
    world: World,
) -> None:
    decisions = [
        await world.decide("issue_comment", commented("/coppice run", "eve")) for _ in range(500)
    ]

    assert world.github.asked == 1
    assert sum(len(decision.effects) for decision in decisions) == 1


async def test_each_refusal_of_somebody_with_triage_gets_a_sign_up_to_ten_an_hour(
    world: World,
) -> None:
    decisions = [
        await world.decide("issue_comment", commented("/coppice stop", "raj")) for _ in range(12)
    ]

    kinds = [[effect.kind for effect in decision.effects] for decision in decisions]
    assert kinds == [["react", "comment"]] * 10 + [["comment"]] * 2
    comments = {str(effect) for decision in decisions for effect in decision.effects[-1:]}
    assert len(comments) == 1


async def test_a_refusal_is_asked_again_after_a_minute(world: World) -> None:
    await world.decide("issue_comment", commented("/coppice stop", "eve"))
    world.time += 61
    await world.decide("issue_comment", commented("/coppice stop", "eve"))

    assert world.github.asked == 2


def tried(name: str, status: StageStatus) -> StageRecord:
    return StageRecord(run_id=run().id, key=f"{name}-1", name=name, attempt=1, status=status)


async def test_the_patch_is_shown_once_the_rules_passed_it(world: World) -> None:
    there = world.has(run(work=Work(checkpoint="c" * 40, base_sha="a" * 40)))
    world.runs.records[there.id] = [
        tried("implement", StageStatus.PASSED),
        tried("rules", StageStatus.PASSED),
    ]

    decision = await world.decide("issue_comment", commented("/coppice patch"))

    assert "@@ -1 +1 @@" in str(decision.effects)


async def test_work_after_the_rules_is_not_shown(world: World) -> None:
    there = world.has(run(work=Work(checkpoint="c" * 40, base_sha="a" * 40)))
    world.runs.records[there.id] = [
        tried("rules", StageStatus.PASSED),
        tried("implement", StageStatus.PASSED),
    ]

    decision = await world.decide("issue_comment", commented("/coppice patch"))

    assert "@@ -1 +1 @@" not in str(decision.effects)
    assert "has not passed the rules" in str(decision.effects)


async def test_a_maintainer_pauses_and_resumes(world: World) -> None:
    world.github.permissions["ana"] = Permission.MAINTAIN

    (pause,) = (await world.decide("issue_comment", commented("/coppice pause"))).pauses
    (resume,) = (await world.decide("issue_comment", commented("/coppice resume"))).pauses

    assert (pause.repository_id, pause.by, pause.on, resume.on) == (77, "ana", True, False)


@pytest.mark.parametrize(("by", "held"), [("ana", "write"), ("raj", "triage")])
async def test_who_does_not_maintain_does_not_pause(world: World, by: str, held: str) -> None:
    decision = await world.decide("issue_comment", commented("/coppice pause", by))

    assert decision.pauses == ()
    assert decision.reason == f"/coppice pause needs maintain access; {by} has {held}"
