"""Slash commands: who may, what they do, and how a no is answered."""

from typing import Any

import pytest

from bot.errors import EffectRefused
from bot.runs import (
    Again,
    Comment,
    Decision,
    Message,
    MessageKind,
    React,
    RunStatus,
    StageRecord,
    StageStatus,
    Start,
    Tell,
    Work,
    ignore,
    run_id,
)
from handlers.commands import COMMANDS
from tests.handlers.payloads import commented, on_pull_request, where
from tests.handlers.world import GUID, Unreachable, World, run

EYES = React(issue=7, comment_id=881, content="eyes")
CONFUSED = React(issue=7, comment_id=881, content="confused")
BUSY = "Run `a1b2c3` is working on this."


def answer(decision: Decision) -> str:
    """Return what is answered; nothing else may happen but the eyes."""
    assert (decision.starts, decision.tells) == ((), ())
    eyes, comment = decision.effects
    assert isinstance(comment, Comment)
    assert (eyes, comment.purpose) == (EYES.model_copy(update={"issue": comment.issue}), PURPOSE)
    return comment.body


PURPOSE = "answer-881"


def told(kind: MessageKind, command: str, issue: int = 12, reason: str = "") -> Tell:
    message = Message(
        kind=kind,
        by="ana",
        by_id=1,
        comment_id=881,
        issue=issue,
        reason=reason or f"`/coppice {command}`",
    )
    return Tell(run_id="a1b2c3d4e5f6", message=message, key="881/1")


async def test_run_starts_a_run_with_its_words(world: World) -> None:
    decision = await world.decide("issue_comment", commented("/coppice run keep the alias"))

    (start,) = decision.starts
    assert isinstance(start, Start)
    assert (start.run.id, start.run.issue) == (run_id(GUID), 7)
    assert (start.run.trigger.goal, start.run.trigger.comment_id) == ("keep the alias", 881)
    assert decision.effects == (EYES,)


async def test_run_without_words_has_no_goal(world: World) -> None:
    (start,) = (await world.decide("issue_comment", commented("/coppice run"))).starts

    assert isinstance(start, Start)
    assert start.run.trigger.goal is None


async def test_run_may_name_a_pipeline(world: World) -> None:
    world.github.rules = "pipeline: nope"

    (start,) = (await world.decide("issue_comment", commented("/coppice run pipeline=fix"))).starts

    assert isinstance(start, Start)
    assert (start.run.pipeline, start.run.trigger.goal) == ("fix", None)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("pipelin=fix", "It knows no `pipelin=`. Did you mean `pipeline=`?"),
        ("--pipeline.x=fix", "It knows no `pipeline.x=`. Did you mean `pipeline=`?"),
        ("zzz=1", "It knows no `zzz=`."),
        ("pipeline=../x", "`pipeline=` takes the name of a pipeline"),
        ("pipeline=nope", "There is no pipeline `nope`."),
    ],
)
async def test_a_setting_that_there_is_not_is_answered(world: World, words: str, said: str) -> None:
    decision = await world.decide("issue_comment", commented(f"/coppice run {words}"))

    assert said in answer(decision)


async def test_run_is_refused_while_one_lives(world: World) -> None:
    world.has(run())

    decision = await world.decide("issue_comment", commented("/coppice run"))

    assert BUSY in answer(decision)


async def test_what_is_in_the_way_is_linked_and_says_what_it_is_at(world: World) -> None:
    work = Work(status_comment_url="https://h/c/3")
    waits = run(RunStatus.WAITING, work=work)
    world.has(waits)

    said = answer(await world.decide("issue_comment", commented("/coppice retry")))

    assert "waits for a word of yours ([status](https://h/c/3)). `/coppice approve` lets" in said
    world.has(run(RunStatus.RUNNING, work=work))
    tried = StageRecord(
        run_id=waits.id,
        key="work-1/implement-2",
        name="implement",
        attempt=2,
        status=StageStatus.RUNNING,
    )
    world.runs.records[waits.id] = [tried]
    said = answer(await world.decide("issue_comment", commented("/coppice run")))
    assert "is at implement, attempt 2 ([status](https://h/c/3)). `/coppice stop` ends it." in said


async def test_run_is_refused_while_a_pull_request_is_open(world: World) -> None:
    world.has(run(RunStatus.DONE, following=True, pull_request=12))

    decision = await world.decide("issue_comment", commented("/coppice run"))

    assert "follows its pull request #12. `/coppice retry` makes one more" in answer(decision)


async def test_run_on_an_ended_run_is_a_new_run(world: World) -> None:
    world.has(run(RunStatus.FAILED))

    (start,) = (await world.decide("issue_comment", commented("/coppice run"))).starts

    assert isinstance(start, Start)
    assert start.run.id == run_id(GUID)


async def test_run_on_a_closed_issue_is_refused(world: World) -> None:
    decision = await world.decide("issue_comment", commented("/coppice run", state="closed"))

    assert "The issue is closed; open it again first." in answer(decision)


async def test_run_on_a_pull_request_is_refused(world: World) -> None:
    decision = await world.decide("issue_comment", on_pull_request("/coppice run"))

    assert "It is for issues. On a pull request of Coppice, `/coppice` and what" in answer(decision)


async def test_run_with_a_bad_configuration_is_answered(world: World) -> None:
    world.github.rules = "triger: {}"

    said = answer(await world.decide("issue_comment", commented("/coppice run")))

    assert "`.github/coppice.yml` on the default branch cannot be read. Unknown key" in said
    assert "did you mean `trigger`?" in said


async def test_run_where_the_app_may_not_read_the_configuration_is_answered(world: World) -> None:
    lacking = "The App lacks the permission `contents` for this."
    world.github.rules = EffectRefused("no_access", lacking)

    said = answer(await world.decide("issue_comment", commented("/coppice run")))

    assert lacking in said


@pytest.mark.parametrize("body", [commented("/coppice stop"), on_pull_request("/coppice stop")])
async def test_stop_tells_the_run(world: World, body: dict[str, Any]) -> None:
    world.has(run(pull_request=12))

    decision = await world.decide("issue_comment", body)

    said = "`/coppice stop` by ana"
    assert decision.tells == (told(MessageKind.STOP, "stop", body["issue"]["number"], said),)
    assert [effect.content for effect in decision.then if isinstance(effect, React)] == ["rocket"]


@pytest.mark.parametrize("verb", ["stop", "ci", "retry"])
async def test_without_a_run_there_is_an_answer(world: World, verb: str) -> None:
    said = answer(await world.decide("issue_comment", commented(f"/coppice {verb}")))

    assert said.startswith(f"[`/coppice {verb}` by `ana`](https://h/c/881): ")


async def test_stop_on_an_ended_run_is_answered(world: World) -> None:
    world.has(run(RunStatus.CANCELLED))

    decision = await world.decide("issue_comment", commented("/coppice stop"))

    assert "No run is at work here." in answer(decision)


@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.BLOCKED, RunStatus.CANCELLED])
async def test_retry_goes_on_with_an_ended_run(world: World, status: RunStatus) -> None:
    world.has(run(status))

    decision = await world.decide("issue_comment", commented("/coppice retry"))

    assert decision.starts == (Again(run_id="a1b2c3d4e5f6", key="881/1", by="ana", by_id=1),)
    assert decision.effects == (EYES,)


async def test_retry_may_name_a_stage(world: World) -> None:
    world.has(run(RunStatus.FAILED))

    (again,) = (await world.decide("issue_comment", commented("/coppice retry publish"))).starts

    assert isinstance(again, Again)
    assert again.stage == "publish"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("publsh", "did you mean `publish`?"),
        ("zzz", "there is: snapshot"),
        ("publish now", "It takes [STAGE]"),
    ],
)
async def test_retry_of_no_stage_is_answered(world: World, words: str, said: str) -> None:
    world.has(run(RunStatus.FAILED))

    decision = await world.decide("issue_comment", commented(f"/coppice retry {words}"))

    assert said in answer(decision).replace("\\[", "[")


async def test_retry_of_a_working_run_is_refused(world: World) -> None:
    world.has(run())

    decision = await world.decide("issue_comment", commented("/coppice retry"))

    assert BUSY in answer(decision)


async def test_retry_with_an_open_pull_request_is_one_more_round(world: World) -> None:
    world.has(run(RunStatus.DONE, following=True, pull_request=12))

    decision = await world.decide("issue_comment", on_pull_request("/coppice retry"))

    assert decision.tells == (told(MessageKind.RETRY, "retry"),)


async def test_retry_of_a_verdict_on_an_open_pull_request_asks_no_agent(world: World) -> None:
    world.has(run(RunStatus.DONE, following=True, pull_request=12))

    (tell,) = (await world.decide("issue_comment", on_pull_request("/coppice retry verify"))).tells

    assert (tell.message.stage, tell.message.verdicts) == ("verify", True)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (RunStatus.DONE, ""),
        (RunStatus.CANCELLED, "closed"),
        (RunStatus.CANCELLED, "branch_deleted"),
    ],
)
async def test_retry_of_what_is_over_names_run(world: World, status: RunStatus, kind: str) -> None:
    world.has(run(status, kind=kind, pull_request=12))

    decision = await world.decide("issue_comment", commented("/coppice retry"))

    assert "`/coppice run` starts afresh" in answer(decision)


async def test_ci_tells_the_run(world: World) -> None:
    world.has(run(RunStatus.DONE, following=True, pull_request=12))

    decision = await world.decide("issue_comment", on_pull_request("/coppice ci"))

    assert decision.tells == (told(MessageKind.CI, "ci"),)


@pytest.mark.parametrize("words", ["retry", "please write more"])
async def test_nothing_goes_on_with_a_closed_pull_request(world: World, words: str) -> None:
    world.has(run(RunStatus.CANCELLED, kind="stopped", pull_request=12))

    decision = await world.decide(
        "issue_comment", on_pull_request(f"/coppice {words}", state="closed")
    )

    assert "The pull request is closed; open it again first." in answer(decision)


@pytest.mark.parametrize("verb", ["stop", "retry", "why", "ci"])
async def test_on_a_pull_request_of_people_it_is_said_what_there_is(
    world: World, verb: str
) -> None:
    decision = await world.decide("issue_comment", on_pull_request(f"/coppice {verb}"))

    assert "`/coppice review` reads this pull request" in answer(decision)


async def test_ci_while_a_plan_waits_is_answered(world: World) -> None:
    world.has(run(RunStatus.WAITING))

    decision = await world.decide("issue_comment", commented("/coppice ci"))

    assert "There is no open pull request of Coppice here." in answer(decision)


async def test_an_approval_that_nothing_waits_for_is_answered(world: World) -> None:
    world.has(run(RunStatus.DONE, following=True, pull_request=12))

    decision = await world.decide("issue_comment", on_pull_request("/coppice approve"))

    assert "Nothing waits for an approval here." in answer(decision)


async def test_an_approval_of_a_round_that_waits_is_told(world: World) -> None:
    waits = Work(needs="was approved before")
    world.has(run(RunStatus.DONE, following=True, pull_request=12, work=waits))

    decision = await world.decide("issue_comment", on_pull_request("/coppice approve"))

    assert [tell.message.kind for tell in decision.tells] == [MessageKind.APPROVE]


@pytest.mark.parametrize("verb", ["ready", "ci", "rebase", "fix", "stop"])
async def test_on_the_open_pull_request_of_a_run_that_ended_retry_is_named(
    world: World, verb: str
) -> None:
    world.has(run(RunStatus.CANCELLED, kind="stopped", pull_request=12))

    decision = await world.decide("issue_comment", on_pull_request(f"/coppice {verb}"))

    assert "Run `a1b2c3` has ended; `/coppice retry` goes on with it." in answer(decision)


@pytest.mark.parametrize("body", ["/coppice help", "/coppice", "/coppice HELP"])
async def test_help_lists_every_command(world: World, body: str) -> None:
    said = answer(await world.decide("issue_comment", commented(body)))

    rows = [line.split("`")[1].split()[1] for line in said.splitlines() if line[:3] == "| `"]
    assert rows == list(COMMANDS)


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        ("rum", "Did you mean `/coppice run`?"),
        ("aprove 3b7e90c2", "Did you mean `/coppice approve`?"),
        ("retyr budget=5usd", "Did you mean `/coppice retry`?"),
        ("aprove `3b7e90c2`", "Did you mean `/coppice approve`?"),
        ("approve, thanks", "Did you mean `/coppice approve`?"),
        ("stop! It is wrong", "Did you mean `/coppice stop`?"),
        ("review: the name", "There was no run here yet."),
        ("runs out of memory", "There was no run here yet."),
        ("fixed it", "There was no run here yet."),
        ("xyzzy", "There was no run here yet."),
        ("approve", "There was no run here yet."),
        ("review", "It is for pull requests."),
    ],
)
async def test_a_verb_that_there_is_not_is_answered(world: World, verb: str, said: str) -> None:
    assert said in answer(await world.decide("issue_comment", commented(f"/coppice {verb}")))


@pytest.mark.parametrize("written", ["3b7e90c2", "`3b7e90c2`", "3B7E"])
async def test_a_plan_is_approved_by_its_hash_as_people_copy_it(world: World, written: str) -> None:
    world.has(run(RunStatus.WAITING, work=Work(plan_hash="3b7e90c2" * 8)))

    decision = await world.decide("issue_comment", commented(f"/coppice approve {written}"))

    (tell,) = decision.tells
    assert (tell.message.kind, tell.message.hash) == ("approve", "3b7e90c2" * 8)


async def test_words_for_a_command_that_takes_none_are_answered(world: World) -> None:
    decision = await world.decide("issue_comment", commented("/coppice stop now"))

    assert "It takes no words: `/coppice stop`." in answer(decision)


async def test_several_commands_are_carried_out_in_order(world: World) -> None:
    world.has(run())

    decision = await world.decide("issue_comment", commented("/coppice stop\n/coppice ci"))

    assert [(t.message.kind, t.key) for t in decision.tells] == [("stop", "881/1"), ("ci", "881/2")]
    assert decision.effects == (EYES,)
    assert decision.then == (React(issue=7, comment_id=881, content="rocket"),)


async def test_a_comment_starts_one_run_and_answers_once(world: World) -> None:
    body = "/coppice run\n/coppice run\n/coppice stopp"

    decision = await world.decide("issue_comment", commented(body))

    eyes, comment = decision.effects
    assert isinstance(comment, Comment)
    assert (len(decision.starts), eyes) == (1, EYES)
    assert "One start for each comment." in comment.body
    assert "Did you mean `/coppice stop`?" in comment.body


@pytest.mark.parametrize(
    ("by", "reason"), [("app", "sender is this app"), ("bot", "sender helper is a bot")]
)
async def test_machines_are_not_heard(world: World, by: str, reason: str) -> None:
    world.github = Unreachable()

    assert await world.decide("issue_comment", commented("/coppice run", by)) == ignore(reason)


async def test_readers_get_a_reaction_and_no_words(world: World) -> None:
    decision = await world.decide("issue_comment", commented("/coppice run", "eve"))

    reason = "/coppice run needs write access; eve has read"
    noted = decision.commands
    assert decision == Decision(effects=(CONFUSED,), commands=noted, reason=reason)
    assert [(n.by, n.verb, n.why_not) for n in noted] == [("eve", "/coppice run", reason)]


async def test_a_flood_of_refused_commands_is_noted_once(world: World) -> None:
    decisions = [
        await world.decide("issue_comment", commented("/coppice run", "eve")) for _ in range(3)
    ]

    assert [len(decision.commands) for decision in decisions] == [1, 0, 0]


async def test_a_command_is_noted_without_the_words_after_it(world: World) -> None:
    decision = await world.decide("issue_comment", commented("/coppice run my own words", "ana"))

    assert [(n.by, n.verb, n.why_not) for n in decision.commands] == [("ana", "/coppice run", None)]


@pytest.mark.parametrize(
    ("body", "offered"),
    [("/coppice run it", True), ("/coppice plan", True), ("/coppice stop", False)],
)
async def test_what_somebody_may_not_start_another_may_by_a_tick(
    world: World, body: str, offered: bool
) -> None:
    decision = await world.decide("issue_comment", commented(body, "raj"))

    assert ("- [ ] Start it for `raj` (write access)" in str(decision.effects)) is offered


async def test_a_team_that_may_start_is_named_in_the_refusal(world: World) -> None:
    world.github.rules = "start: ['team:core']"

    decision = await world.decide("issue_comment", commented("/coppice run", "raj"))

    assert "needs write access or to be on team `core`; `raj` has triage." in str(decision.effects)


async def test_where_the_app_cannot_see_a_team_the_refusal_says_so(world: World) -> None:
    world.github.rules = "start: ['team:core']"
    world.github.sees_teams = False

    decision = await world.decide("issue_comment", commented("/coppice run", "raj"))

    said = str(decision.effects)
    assert (
        "needs write access; `raj` has triage. It is enough to be on team `core`, but the" in said
    )
    assert "the App cannot see who is: it needs the organisation permission *Members: read*" in said
    assert decision.starts == ()


async def test_triage_gets_a_comment_that_links_the_command(world: World) -> None:
    decision = await world.decide("issue_comment", commented("/coppice stop", "raj"))

    body = "Not done: [`/coppice stop` by `raj`](https://h/c/881) needs write access; `raj` has"
    refusal = Comment(issue=7, purpose="refusal-2", body=f"{body} triage.", once=True)
    assert decision.effects == (CONFUSED, refusal)


@pytest.mark.parametrize("body", ["Thanks!", "> /coppice run", "```\n/coppice run\n```", None])
async def test_a_comment_without_a_command_is_ignored_unread(
    world: World, body: str | None
) -> None:
    world.github = Unreachable()

    decision = await world.decide("issue_comment", commented(body or ""))

    assert decision == ignore("no command in the comment")


async def test_an_edited_comment_is_never_read(world: World) -> None:
    changes = {"body": {"from": "hello"}}
    payload = {**commented("/coppice run"), "action": "edited", "changes": changes}

    decision = await world.decide("issue_comment", payload)

    assert decision == ignore("edited comments are not read")


async def test_a_comment_by_another_than_the_sender_is_ignored(world: World) -> None:
    payload = {**commented("/coppice run", "raj"), **where("ana")}

    decision = await world.decide("issue_comment", payload)

    assert decision == ignore("the comment is not by the sender")


async def test_an_archived_repository_is_ignored(world: World) -> None:
    payload = {**commented("/coppice run"), **where("ana", archived=True)}

    decision = await world.decide("issue_comment", payload)

    assert decision == ignore("the repository is archived")
