"""Commands in the body of a review, or in a comment on lines: carried out, and no request."""

from typing import Any

import pytest

from bot.runs import MessageKind, React, RunStatus, Start
from tests.handlers.payloads import review, review_comment
from tests.handlers.world import World, run

FOLLOWED = run(RunStatus.DONE, following=True, pull_request=12)


@pytest.mark.parametrize(
    ("event", "payload", "key"),
    [
        ("pull_request_review", review, "review-55/3"),
        ("pull_request_review_comment", review_comment, "lines-66/3"),
    ],
)
async def test_a_command_in_a_review_is_one_and_the_rest_is_told_beside_it(
    world: World, event: str, payload: Any, key: str
) -> None:
    world.has(FOLLOWED)

    decision = await world.decide(event, payload(body="Rename it.\n\n/coppice ci"))

    command, told = decision.tells
    assert (command.message.kind, command.key) == (MessageKind.CI, key)
    assert told.message.kind is MessageKind.REVIEW
    assert [c.verb for c in decision.commands] == ["/coppice ci"]


async def test_signs_stand_at_the_comment_on_lines_and_none_at_a_review(world: World) -> None:
    world.has(FOLLOWED)
    eyes = React(issue=12, comment_id=66, on_lines=True, content="eyes")

    on_lines = await world.decide("pull_request_review_comment", review_comment(body="/coppice ci"))
    whole = await world.decide("pull_request_review", review(body="/coppice ci"))

    assert on_lines.effects == (eyes,)
    said = on_lines.tells[0].message
    assert (said.comment_id, said.on_lines, said.issue) == (66, True, 12)
    assert whole.effects == ()
    assert whole.tells[0].message.comment_id is None


@pytest.mark.parametrize("body", ["/coppice make it a constant", "> /coppice ci", "`/coppice ci`"])
async def test_other_words_in_a_review_are_words_of_the_review(world: World, body: str) -> None:
    world.has(FOLLOWED)

    decision = await world.decide("pull_request_review_comment", review_comment(body=body))

    (told,) = decision.tells
    assert (told.message.kind, decision.commands) == (MessageKind.REVIEW, ())


async def test_who_may_not_steer_commands_nothing_by_a_review(world: World) -> None:
    world.has(FOLLOWED)

    decision = await world.decide("pull_request_review", review(by="eve", body="/coppice ci"))

    assert (decision.tells, decision.starts) == ((), ())
    assert decision.reason == "/coppice ci needs write access; eve has read"


async def test_a_review_that_stops_the_run_is_not_told_to_it(world: World) -> None:
    world.has(FOLLOWED)

    decision = await world.decide("pull_request_review", review(body="/coppice stop"))

    assert [tell.message.kind for tell in decision.tells] == [MessageKind.STOP]


async def test_a_review_on_a_pull_request_of_people_may_ask_for_one_of_ours(world: World) -> None:
    decision = await world.decide("pull_request_review", review(body="/coppice review"))

    (start,) = decision.starts
    assert isinstance(start, Start)
    assert (start.run.issue, start.run.pipeline) == (12, "review")


async def test_a_short_verb_in_a_review_is_heard_where_the_repository_wants_it(
    world: World,
) -> None:
    world.has(FOLLOWED)
    words = await world.decide("pull_request_review", review(body="/ci"))
    world.github.rules = "commands: {short: true}"

    heard = await world.decide("pull_request_review", review(body="/ci"))

    assert [tell.message.kind for tell in words.tells] == [MessageKind.REVIEW]
    assert [tell.message.kind for tell in heard.tells] == [MessageKind.CI, MessageKind.REVIEW]
