"""Whatever GitHub sends, and whatever it does not, comes to a decision."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot.runs import DecisionKind, RunStatus
from tests.handlers import payloads
from tests.handlers.world import Sent, World, run
from tests.intake.examples import payloads as examples

BUILT: list[tuple[str, dict[str, Any]]] = [
    ("issues", payloads.labeled()),
    ("issues", payloads.unlabeled()),
    ("issues", payloads.gone("closed")),
    ("issues", payloads.gone("deleted")),
    ("issues", payloads.gone("transferred")),
    ("issue_comment", payloads.commented("/coppice run")),
    ("pull_request", payloads.closed_pull_request(merged=False)),
    ("push", payloads.deleted_branch("x")),
    ("check_run", payloads.check_run("requested_action", button="stop")),
    ("check_run", payloads.check_run("rerequested")),
    ("check_suite", payloads.check_suite("main")),
    ("check_suite", payloads.ci("check_suite")),
    ("workflow_run", payloads.ci("workflow_run")),
    ("status", payloads.ci("status")),
    ("push", payloads.pushed("main")),
    ("pull_request_review", payloads.review()),
    ("pull_request_review_comment", payloads.review_comment()),
    ("issue_comment", payloads.ticked("a", "b")),
    ("installation", payloads.installation("deleted")),
    (
        "installation_repositories",
        payloads.installation("removed", repositories_removed=[{"id": 1, "full_name": "a/b"}]),
    ),
    ("repository", payloads.repository("archived")),
]


def differences(built: Any, recorded: Any, path: str = "") -> Iterator[str]:
    """Name what a built payload has and a recorded one has not, or as another type."""
    if isinstance(built, dict) and isinstance(recorded, dict):
        for key, value in built.items():
            if key not in recorded:
                yield f"{path}/{key} is made up"
            else:
                yield from differences(value, recorded[key], f"{path}/{key}")
    elif None not in (built, recorded) and type(built) is not type(recorded):
        yield f"{path} is a {type(recorded).__name__}"


@pytest.mark.parametrize(("event", "payload"), BUILT, ids=lambda part: str(part)[:20])
def test_built_payloads_are_like_recorded_ones(event: str, payload: dict[str, Any]) -> None:
    """Recorded for everybody, where `installation` is for Apps; some actions were never seen."""
    recorded = [example for name, example in examples() if name == event]

    assert recorded
    assert any(set(differences(payload, r)) <= {"/installation is made up"} for r in recorded)


async def test_every_recorded_payload_comes_to_a_decision(world: World) -> None:
    world.has(run(RunStatus.RUNNING))
    seen = 0
    for n, (event, payload) in enumerate(examples()):
        whole = {"installation": {"id": 5}, **payload}
        for shape in (payload, whole):
            decision = await world.decide(event, shape, guid=f"guid-{n}")
            assert decision.reason or decision.kind is not DecisionKind.IGNORE
        seen += 1

    assert seen == 329


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"1", b'"x"', b"\xff", b'{"action": []}', b'{"action": {}}'],
)
async def test_a_body_of_another_shape_is_ignored(world: World, body: bytes) -> None:
    for event in ("issues", "ping", "nonsense", "push"):
        assert (await world.decide_on(Sent(event, body))).kind is DecisionKind.IGNORE


@pytest.mark.parametrize(("event", "payload"), BUILT, ids=lambda part: str(part)[:20])
async def test_a_payload_with_holes_is_ignored(
    world: World, event: str, payload: dict[str, Any]
) -> None:
    holes: tuple[Any, ...] = (None, [], 7, "x", {})
    for key in payload:
        for hole in holes:
            if key != "action" and not (key == "deleted" or key == "repositories_removed"):
                decision = await world.decide(event, {**payload, key: hole})
                assert decision.reason


async def test_an_unknown_event_is_ignored_by_name(world: World) -> None:
    assert (await world.decide("star", {"action": "created"})).reason == (
        "nothing is done about star.created"
    )
