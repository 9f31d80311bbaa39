"""The forge against GitHub's own description of itself."""

from bot.forge.rest.operations import OPERATIONS
from bot.forge.schema.description import rest_description, webhook_description
from tests.forge.running import Forge


def test_every_operation_of_the_extract_is_answered() -> None:
    assert {operation.name for operation in OPERATIONS} == set(rest_description().operations)


async def test_what_github_does_not_describe_is_404(forge: Forge) -> None:
    for method, path in (("GET", f"{forge.repo}/wishes"), ("PUT", f"{forge.repo}/issues/1")):
        answer = await forge.call(method, path, by="maintainer")
        assert (answer.status, answer.body["message"]) == (404, "Not Found")


def test_an_answer_that_github_would_not_give_is_named() -> None:
    operation = "POST /repos/{owner}/{repo}/issues/{issue_number}/comments"

    problems = rest_description().response_problems(operation, 201, {"id": "seven"})

    assert 'id: "seven" is not of type "integer"' in problems
    assert rest_description().response_problems(operation, 204, None) != []


def test_an_event_that_github_would_not_send_is_named() -> None:
    assert webhook_description().problems("issues", {"action": "painted"}) == [
        "there is no webhook issues-painted"
    ]
    assert webhook_description().problems("issues", {"action": "labeled"}) != []


async def test_every_answer_says_that_it_is_no_github(forge: Forge) -> None:
    answers = [
        await forge.get(forge.repo),
        await forge.get("/nowhere/at/all"),
        await forge.get("/_forge/writes"),
        await forge.get("/app"),
    ]

    assert all(answer.headers["X-Coppice-Forge"] for answer in answers)
