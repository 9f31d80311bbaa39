"""An ordinary GitHub client drives the forge as it drives GitHub."""

import gidgethub
import pytest
from gidgethub import apps, sansio
from gidgethub.aiohttp import GitHubAPI

from tests.forge.running import Forge


async def client(forge: Forge) -> GitHubAPI:
    github = GitHubAPI(forge.session, "tests", base_url=forge.api_url)
    made = await apps.get_installation_access_token(
        github,
        installation_id=str(forge.installation_id),
        app_id=str(forge.app_id),
        private_key=forge.private_key,
    )
    return GitHubAPI(forge.session, "tests", oauth_token=made["token"], base_url=forge.api_url)


async def test_an_app_gets_its_token_and_writes(forge: Forge) -> None:
    github = await client(forge)

    made = await github.post(f"{forge.repo}/issues/1/comments", data={"body": "hello"})

    assert made["user"]["login"] == "coppice[bot]"
    assert github.rate_limit is not None
    assert github.rate_limit.limit == 5000


async def test_pages_are_followed(forge: Forge) -> None:
    for n in range(70):
        forge.state.add_comment(forge.issue, forge.state.people["reader"], str(n))
    github = await client(forge)

    bodies = [c["body"] async for c in github.getiter(f"{forge.repo}/issues/1/comments")]

    assert bodies == [str(n) for n in range(70)]


async def test_a_refusal_is_the_clients_own_exception(forge: Forge) -> None:
    github = await client(forge)

    with pytest.raises(gidgethub.BadRequest, match="Not Found"):
        await github.getitem(f"{forge.repo}/issues/99")
    with pytest.raises(gidgethub.InvalidField):
        await github.post(f"{forge.repo}/issues", data={"title": " "})


async def test_a_delivery_passes_the_clients_check_of_its_signature(forge: Forge) -> None:
    await forge.post(f"{forge.repo}/issues/1/comments", {"body": "x"}, by="reader")
    arrived = await forge.event("issue_comment.created")
    body = forge.state.deliveries[0].body
    headers = {name.lower(): value for name, value in arrived.headers.items()}

    event = sansio.Event.from_http(headers, body, secret=forge.webhook_secret)

    assert (event.event, event.delivery_id) == ("issue_comment", arrived.guid)
