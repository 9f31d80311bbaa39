"""Reviews and mending of people's pull requests: who may ask, where, and how often."""

from typing import Any

import pytest

from bot.runs import (
    Again,
    Comment,
    Decision,
    MessageKind,
    Options,
    Permission,
    Publish,
    React,
    RunStatus,
    Start,
    Visit,
    Work,
)
from tests.handlers.payloads import check_run, commented, on_pull_request, where
from tests.handlers.world import World, run

EYES = React(issue=12, content="eyes")


@pytest.fixture
def world() -> World:
    return World()


def labelled(label: str = "coppice:review", by: str = "ana", action: str = "labeled") -> Any:
    pull = {
        "number": 12,
        "title": "Add a thing",
        "body": "Please.",
        "state": "open",
        "updated_at": "2026-01-01T00:00:00Z",
    }
    return {"action": action, "label": {"name": label}, "pull_request": pull, **where(by)}


def begun(decision: Decision) -> Any:
    (start,) = decision.starts
    assert isinstance(start, Start)
    return start.run


def answer(decision: Decision) -> str:
    (body,) = [effect.body for effect in decision.effects if isinstance(effect, Comment)]
    return body


async def test_a_review_is_a_run_by_the_number_of_the_pull_request(world: World) -> None:
    decision = await world.decide("issue_comment", on_pull_request("/coppice review model=strong"))

    made = begun(decision)
    assert (made.issue, made.pull_request, made.pipeline) == (12, None, "review")
    assert made.publish is Publish.BRANCH
    assert made.trigger.options.model == "strong"


@pytest.mark.parametrize("publish", ["comment", "patch"])
async def test_where_only_comments_are_wanted_nothing_more_is_written(
    world: World, publish: str
) -> None:
    world.github.rules = f"publish: {publish}\n"

    decision = await world.decide("issue_comment", on_pull_request("/coppice review"))

    assert begun(decision).publish == publish


async def test_the_label_starts_it_too(world: World) -> None:
    decision = await world.decide("pull_request", labelled())

    assert begun(decision).pipeline == "review"
    assert begun(decision).trigger.title == "Add a thing"
    assert decision.effects == (EYES,)


@pytest.mark.parametrize(
    ("label", "by", "reason"),
    [
        ("coppice", "ana", "label `coppice` is not a trigger on a pull request"),
        ("coppice:review", "bot", "sender helper is a bot"),
        ("coppice:review", "app", "sender is this app"),
        ("coppice:review", "eve", "label coppice:review needs write access; eve has read"),
    ],
)
async def test_other_labels_and_people_start_nothing(
    world: World, label: str, by: str, reason: str
) -> None:
    decision = await world.decide("pull_request", labelled(label, by))

    assert (decision.starts, decision.reason) == ((), reason)


async def test_who_may_start_runs_may_ask_for_a_review(world: World) -> None:
    world.github.rules = "start: [triage]\n"

    asked = await world.decide("issue_comment", on_pull_request("/coppice review", "raj"))
    mending = await world.decide("issue_comment", on_pull_request("/coppice fix", "raj"))

    assert begun(asked).pipeline == "review"
    assert mending.starts == ()


@pytest.mark.parametrize("words", ["review", "fix"])
async def test_a_stranger_gets_no_words(world: World, words: str) -> None:
    world.github.permissions["eve"] = Permission.NONE

    decision = await world.decide("issue_comment", on_pull_request(f"/coppice {words}", "eve"))

    assert (decision.starts, decision.effects) == ((), ())


async def test_one_run_at_a_time(world: World) -> None:
    world.has(run(issue=12, pipeline="review"))

    decision = await world.decide("issue_comment", on_pull_request("/coppice review"))
    by_label = await world.decide("pull_request", labelled())

    assert "Run `a1b2c3` is at work here: it is running." in answer(decision)
    assert by_label.starts == ()


async def test_our_own_pull_request_is_reviewed_beside_its_run(world: World) -> None:
    world.has(run(RunStatus.DONE, following=True, pull_request=12))

    decision = await world.decide("issue_comment", on_pull_request("/coppice review"))

    assert begun(decision).pipeline == "review"
    assert decision.tells == ()


async def test_a_review_of_an_issue_is_refused(world: World) -> None:
    decision = await world.decide("issue_comment", commented("/coppice review"))

    assert "It is for pull requests." in answer(decision)


@pytest.mark.parametrize("pipeline", ["review", "mend"])
async def test_an_issue_cannot_have_a_pipeline_of_pull_requests(
    world: World, pipeline: str
) -> None:
    decision = await world.decide("issue_comment", commented(f"/coppice run pipeline={pipeline}"))

    assert f"The pipeline `{pipeline}` is for pull requests." in answer(decision)


async def test_mending_says_what_and_how_far(world: World) -> None:
    decision = await world.decide(
        "issue_comment", on_pull_request("/coppice fix checks tests=allow")
    )

    made = begun(decision)
    assert made.pipeline == "mend"
    assert made.trigger.options == Options(mend="checks", tests=True)


async def test_fix_on_our_own_pull_request_is_a_round_of_its_run(world: World) -> None:
    own = world.has(run(RunStatus.DONE, following=True, pull_request=12))

    decision = await world.decide("issue_comment", on_pull_request("/coppice fix conflicts"))
    allowed = await world.decide("issue_comment", on_pull_request("/coppice fix tests=allow"))
    refused = await world.decide("issue_comment", on_pull_request("/coppice fix budget=1usd"))

    (told,) = decision.tells
    assert (told.run_id, told.message.kind, told.message.text) == (
        own.id,
        MessageKind.FIX,
        "conflicts",
    )
    assert [tell.message.tests for tell in (*decision.tells, *allowed.tells)] == [False, True]
    assert "Other settings are for pull requests that Coppice did not open." in answer(refused)


async def test_a_closed_pull_request_ends_all_that_is_about_it(world: World) -> None:
    own = world.has(run(RunStatus.DONE, following=True, pull_request=12))
    other = world.has(run(issue=12, pipeline="review", id="b" * 12))
    closed = {"action": "closed", "pull_request": {"number": 12, "merged": True}, **where("ana")}

    decision = await world.decide("pull_request", closed)

    assert [tell.run_id for tell in decision.tells] == [own.id, other.id]
    assert len({tell.key for tell in decision.tells}) == 2


@pytest.mark.parametrize(("kind", "followed"), [("closed", 1), ("stopped", 0)])
async def test_a_pull_request_that_is_opened_again_is_followed_again(
    world: World, kind: str, followed: int
) -> None:
    world.has(run(RunStatus.CANCELLED, kind=kind, pull_request=12))
    opened = {"action": "reopened", "pull_request": {"number": 12}, **where("eve")}

    decision = await world.decide("pull_request", opened)

    assert [start.follow for start in decision.starts if isinstance(start, Again)] == (
        [True] * followed
    )


async def test_an_opened_pull_request_whose_issue_has_another_run_is_left_alone(
    world: World,
) -> None:
    world.has(run(RunStatus.CANCELLED, kind="closed", pull_request=12))
    world.has(run(id="b" * 12))
    opened = {"action": "reopened", "pull_request": {"number": 12}, **where("ana")}

    decision = await world.decide("pull_request", opened)

    assert (decision.starts, decision.reason) == ((), "run bbbbbb is working on this")


async def test_a_push_to_somebodys_branch_starts_nothing(world: World) -> None:
    pushed = {"action": "synchronize", "pull_request": {"number": 12}, **where("eve")}

    decision = await world.decide("pull_request", pushed)

    assert decision == Decision(reason="nobody asked for anything about the new commits of #12")


@pytest.mark.parametrize(("by", "told"), [("ana", 1), ("eve", 0)])
async def test_the_label_taken_off_stops_the_review(world: World, by: str, told: int) -> None:
    world.has(run(issue=12, pipeline="review"))

    decision = await world.decide("pull_request", labelled(by=by, action="unlabeled"))

    assert [tell.message.kind for tell in decision.tells] == [MessageKind.STOP] * told


@pytest.mark.parametrize("status", [RunStatus.DONE, RunStatus.FAILED, RunStatus.BLOCKED])
async def test_githubs_rerun_looks_once_more(world: World, status: RunStatus) -> None:
    world.has(run(status, issue=12, pipeline="review"))

    decision = await world.decide("check_run", check_run("rerequested", name="Coppice / review"))

    (again,) = decision.starts
    assert isinstance(again, Again)
    assert (again.run_id, again.stage) == ("a1b2c3d4e5f6", None)


@pytest.mark.parametrize("kind", ["closed", "pull_request_closed"])
async def test_nothing_goes_on_after_the_end(world: World, kind: str) -> None:
    world.has(run(RunStatus.CANCELLED, kind=kind, issue=12, pipeline="review"))

    decision = await world.decide("issue_comment", on_pull_request("/coppice retry"))

    assert decision.starts == ()
    assert "is over: the pull request is closed." in answer(decision)


async def test_words_to_a_review_are_answered(world: World) -> None:
    world.has(run(issue=12, pipeline="review"))

    decision = await world.decide("issue_comment", on_pull_request("/coppice look at the tests"))

    assert "there is nobody to take words" in answer(decision)


async def test_ci_runs_on_what_was_mended(world: World) -> None:
    mended = run(RunStatus.DONE, issue=12, pipeline="mend", work=Work(checkpoint="c" * 40))
    world.has(mended)

    decision = await world.decide("issue_comment", on_pull_request("/coppice ci"))

    (again,) = decision.starts
    assert isinstance(again, Again)
    assert again.stage == "ci"


async def test_a_rerun_of_the_whole_suite_looks_once_more(world: World) -> None:
    world.has(run(RunStatus.DONE, issue=12, pipeline="review"))
    suite = {"app": {"id": 100}, "head_branch": "theirs", "pull_requests": [{"number": 12}]}

    decision = await world.decide(
        "check_suite", {"action": "rerequested", "check_suite": suite, **where("ana")}
    )

    assert [start.run_id for start in decision.starts if isinstance(start, Again)] == [
        "a1b2c3d4e5f6"
    ]


async def test_a_rerun_of_a_forks_suite_is_known_by_its_head_alone(world: World) -> None:
    there = Visit(
        number=12,
        house="a" * 40,
        head_sha="b" * 40,
        head_ref="patch-1",
        head_repository="eve/shop",
        same_repository=False,
    )
    world.has(run(RunStatus.DONE, issue=12, pipeline="review", work=Work(visit=there)))
    suite: Any = {
        "app": {"id": 100},
        "head_branch": None,
        "head_sha": "b" * 40,
        "pull_requests": [],
    }

    decision = await world.decide(
        "check_suite", {"action": "rerequested", "check_suite": suite, **where("ana")}
    )

    assert [start.run_id for start in decision.starts if isinstance(start, Again)] == [
        "a1b2c3d4e5f6"
    ]


@pytest.mark.parametrize(
    "more",
    [
        {"pipeline": "review", "status": RunStatus.RUNNING},
        {"pipeline": "mend", "status": RunStatus.RUNNING, "work": Work(checkpoint="c" * 40)},
        {"pipeline": "mend", "status": RunStatus.DONE},
    ],
)
async def test_ci_has_to_have_something_to_run_on(world: World, more: Any) -> None:
    world.has(run(issue=12, **more))

    decision = await world.decide("issue_comment", on_pull_request("/coppice ci"))

    assert (decision.starts, decision.tells) == ((), ())
    assert "There is no work of Coppice here that CI could run on." in answer(decision)
