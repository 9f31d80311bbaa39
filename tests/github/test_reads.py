"""What handlers and the engine ask of GitHub."""

import base64

import pytest

from bot.errors import UserError
from bot.github import reads
from bot.github.client import Client
from bot.runs import Permission, Person, PullRequest
from tests.github.world import BRANCH, World

CONFIG = ".github/coppice.yml"


async def known(client: Client, world: World, who: str) -> Person:
    """Somebody of the forge, by the word that its seed has for them."""
    user = await client.getitem(f"/users/{world.forge.ready['users'][who]['login']}")
    return Person(id=user["id"], login=user["login"])


@pytest.mark.parametrize(
    ("who", "may"),
    [
        ("maintainer", Permission.ADMIN),
        ("triager", Permission.TRIAGE),
        ("reader", Permission.READ),
        ("stranger", Permission.READ),
    ],
)
async def test_permission_is_what_github_says_now(world: World, who: str, may: Permission) -> None:
    client = await world.client()
    person = await known(client, world, who)

    assert await reads.permission(client, world.repository, person) == may


async def test_nobody_has_no_permission(world: World) -> None:
    client = await world.client()
    nobody = Person(id=1, login="no-such")

    assert await reads.permission(client, world.repository, nobody) == Permission.NONE


async def test_a_name_that_changed_hands_lends_nothing(world: World) -> None:
    """Whoever asked is another account than the one that is called so by now."""
    client = await world.client()
    admin = await known(client, world, "maintainer")
    former = Person(id=admin.id + 1_000_000, login=admin.login)

    held = await reads.permission(client, world.repository, former)

    assert held == Permission.NONE


@pytest.mark.parametrize("login", ["../../../orgs/acme", "a/b?c#d", "mona/../marta"])
async def test_a_name_cannot_ask_for_another_path(world: World, login: str) -> None:
    client = await world.client()
    person = Person(id=(await known(client, world, "maintainer")).id, login=login)

    held = await reads.permission(client, world.repository, person)

    assert held == Permission.NONE


async def test_the_repository_as_it_is_called_now(world: World) -> None:
    await world.switch("rename", name="renamed")

    facts = await reads.repository(await world.client(), world.repository)

    assert facts is not None
    assert (facts.full_name, facts.default_branch, facts.archived) == (
        "acme/renamed",
        "main",
        False,
    )
    assert facts.clone_url.endswith("/acme/renamed.git")


async def test_a_repository_that_is_gone_is_none(world: World) -> None:
    client = await world.client()
    await client.getitem("/rate_limit")
    await world.switch("delete")

    assert await reads.repository(client, world.repository) is None


async def test_the_head_of_a_branch(world: World) -> None:
    client = await world.client()

    assert await reads.branch_head(client, world.repository, "main") == await world.fetch()
    assert await reads.branch_head(client, world.repository, "nowhere") is None


async def put(world: World, path: str, content: bytes) -> None:
    body = {"message": "x", "content": base64.b64encode(content).decode()}
    await world.call("PUT", f"/contents/{path}", body)


async def test_a_file_of_the_default_branch(world: World) -> None:
    client = await world.client()
    await put(world, "docs/a.txt", "grüß\n".encode())

    assert await reads.file_text(client, world.repository, "docs/a.txt") == "grüß\n"
    assert await reads.file_text(client, world.repository, "nowhere.yml") is None
    with pytest.raises(UserError, match="is no file"):  # what is there is not the same as nothing
        await reads.file_text(client, world.repository, "docs")


async def test_a_file_that_is_no_text_is_said_to_the_user(world: World) -> None:
    await put(world, "bad.yml", b"\xff\xfe")

    with pytest.raises(UserError, match=r"`bad\.yml` is not UTF-8"):
        await reads.file_text(await world.client(), world.repository, "bad.yml")


async def test_an_unchanged_file_costs_nothing_of_the_limit(world: World) -> None:
    client = await world.client()
    await reads.file_text(client, world.repository, CONFIG)
    before = (await client.getitem("/rate_limit"))["rate"]["remaining"]

    await reads.file_text(client, world.repository, CONFIG)

    assert (await client.getitem("/rate_limit"))["rate"]["remaining"] == before


async def test_an_issue_and_one_that_is_gone(world: World) -> None:
    client = await world.client()
    await world.switch("delete_issue", number=2)

    found = await reads.issue(client, world.repository, 1)

    assert found is not None
    assert (found.number, found.open, found.locked, found.is_pull_request) == (
        1,
        True,
        False,
        False,
    )
    assert await reads.issue(client, world.repository, 2) is None


async def test_comments_over_several_pages(world: World) -> None:
    for n in range(101):
        await world.forge.forge.call(
            world.forge.ready["users"]["reader"]["token"],
            "POST",
            f"/repos/{world.repository.full_name}/issues/1/comments",
            {"body": str(n)},
        )
        world.time.ahead += 1

    found = await reads.comments(await world.client(), world.repository, 1)

    assert [comment.body for comment in found] == [str(n) for n in range(101)]


async def test_a_pull_request_and_its_author(world: World) -> None:
    sha = await world.push_work()
    effect = PullRequest(head=BRANCH, base="main", title="t", body="b")
    opened = await world.apply(effect)
    client = await world.client()

    found = await reads.pull_request(client, world.repository, opened.number or 0)

    assert found is not None
    assert (found.head_sha, found.draft, found.same_repository) == (sha, True, True)
    assert found.author is not None
    assert found.author.id == (await world.app.me(client)).user_id
    assert await reads.pull_request(client, world.repository, 99) is None
