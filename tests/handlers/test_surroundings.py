"""What happens around a run: pull requests, branches, installations, repositories."""

from typing import Any

import pytest

from bot.runs import Decision, Message, MessageKind, Run, RunStatus, Tell, ignore
from tests.handlers.payloads import (
    APP_USER,
    closed_pull_request,
    deleted_branch,
    installation,
    repository,
)
from tests.handlers.world import GUID, World, run

ID = "a1b2c3d4e5f6"
OTHER = "ffffffffffff"


def followed() -> Run:
    return run(RunStatus.DONE, following=True, pull_request=12)


@pytest.mark.parametrize("merged", [True, False])
async def test_a_closed_pull_request_is_told(world: World, *, merged: bool) -> None:
    world.has(followed())

    decision = await world.decide("pull_request", closed_pull_request(merged=merged, by="bot"))

    word = "merged" if merged else "closed"
    message = Message(
        kind=MessageKind.CLOSED,
        by="helper",
        reason=f"pull request #12 was {word} by helper",
        merged=merged,
    )
    assert decision == Decision(tells=(Tell(run_id=ID, message=message, key=f"{GUID}/0"),))


async def test_other_pull_requests_are_ignored(world: World) -> None:
    payload = closed_pull_request(merged=True)

    assert await world.decide("pull_request", payload) == ignore(
        "pull request #12 is not of Coppice"
    )
    world.has(run(RunStatus.CANCELLED, pull_request=12))
    assert await world.decide("pull_request", payload) == ignore("run a1b2c3 has ended")


def branched() -> Run:
    working = run()
    work = working.work.model_copy(update={"branch": "coppice/7-a1b2c3"})
    return working.model_copy(update={"work": work})


async def test_a_deleted_branch_is_told(world: World) -> None:
    world.has(branched())

    decision = await world.decide("push", deleted_branch("coppice/7-a1b2c3"))

    (tell,) = decision.tells
    assert tell.message == Message(
        kind=MessageKind.BRANCH_DELETED,
        by="ana",
        reason="the branch `coppice/7-a1b2c3` was deleted by ana",
    )


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (deleted_branch("coppice/7-a1b2c3", by="app"), "sender is this app"),
        (deleted_branch("main"), "no run is at work on the branch `main`"),
        ({**deleted_branch("x"), "deleted": False}, "no run is at work on the branch `x`"),
        ({**deleted_branch("x"), "ref": "refs/tags/v1"}, "it is no branch"),
    ],
)
async def test_other_pushes_are_ignored(world: World, payload: Any, reason: str) -> None:
    world.has(branched())

    assert await world.decide("push", payload) == ignore(reason)


def stops(reason: str, *ids: str) -> Decision:
    message = Message(kind=MessageKind.STOP, by=None, reason=reason)
    tells = tuple(Tell(run_id=id, message=message, key=f"{GUID}/{id}") for id in ids)
    return Decision(tells=tells)


async def test_without_the_installation_all_its_runs_end(world: World) -> None:
    world.has(run(id=OTHER, issue=8))
    world.has(run())
    world.has(run(RunStatus.FAILED, id="0" * 12, issue=9))

    decision = await world.decide("installation", installation("deleted"))

    assert decision == stops("the App was uninstalled", ID, OTHER)


@pytest.mark.parametrize("action", ["created", "suspend", "unsuspend"])
async def test_other_news_of_an_installation_start_and_end_nothing(
    world: World, action: str
) -> None:
    assert (await world.decide("installation", installation(action))).kind == "ignore"


async def test_repositories_that_are_taken_away_end_their_runs(world: World) -> None:
    world.has(run())
    world.has(run(id=OTHER, repository=run().repository.model_copy(update={"id": 78})))
    payload = installation("removed", repositories_removed=[{"id": 77, "full_name": "acme/shop"}])

    decision = await world.decide("installation_repositories", payload)

    assert decision == stops("the App was taken off the repository", ID)


async def test_repositories_without_runs_are_ignored(world: World) -> None:
    payload = installation("removed", repositories_removed=[])

    decision = await world.decide("installation_repositories", payload)

    assert decision == ignore("no run is at work there")


@pytest.mark.parametrize("action", ["transferred", "deleted", "archived"])
async def test_a_repository_that_goes_ends_its_runs(world: World, action: str) -> None:
    world.has(run())

    decision = await world.decide("repository", repository(action))

    assert decision == stops(f"the repository was {action}", ID)


async def test_a_renamed_repository_keeps_its_runs(world: World) -> None:
    world.has(run())

    decision = await world.decide("repository", repository("renamed"))

    (tell,) = decision.tells
    assert (tell.message.kind, tell.message.text) == (MessageKind.RENAMED, "acme/shop")


async def test_a_ping_is_greeted(world: World) -> None:
    assert await world.decide("ping", {"zen": "x"}) == ignore("GitHub says hello")


@pytest.mark.parametrize(
    ("action", "draft"), [("ready_for_review", False), ("converted_to_draft", True)]
)
async def test_what_a_draft_is_made_on_githubs_own_page_is_told(
    world: World, action: str, draft: bool
) -> None:
    world.has(run(RunStatus.DONE, following=True, pull_request=12))
    payload = {**closed_pull_request(merged=False), "action": action}

    (tell,) = (await world.decide("pull_request", payload)).tells
    ours = await world.decide("pull_request", {**payload, "sender": APP_USER})

    assert (tell.message.kind, tell.message.by) == (MessageKind.READY, "ana")
    assert tell.message.draft is draft
    assert ours == ignore("sender is this app")
