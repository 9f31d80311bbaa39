"""The chaos run sees what it is there to see: a doubled effect, a lost delivery, money unbooked."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from benchmarks.chaos import books, picture, play
from benchmarks.chaos.arena import Arena, arena
from benchmarks.chaos.person import Person
from benchmarks.chaos.picture import Picture
from benchmarks.chaos.stories import Kind, homes_of, plot
from tests import postgres
from tests.databases import wanted

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

STORIES = plot(2)
(QUICK,) = [story for story in STORIES if story.kind is Kind.QUICK]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def played(
    either_database: None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Arena]:
    """One story, played to its end in peace."""
    folder = tmp_path_factory.mktemp("chaos") / "arena"
    with postgres.either(folder) as url:
        async with arena(folder, STORIES, url if wanted() else "") as here:
            await Person(here.hub(QUICK.home), QUICK).play()
            database = await here.database()
            assert await books.settle(here, database) == []
            await database.close()
            yield here


async def seen(here: Arena) -> Picture:
    return await picture.take(here, homes_of(STORIES))


async def installation_token(here: Arena) -> str:
    found = await here.door.app("GET", f"/repos/{QUICK.home.full_name}/installation")
    path = f"/app/installations/{found['id']}/access_tokens"
    return str((await here.door.app("POST", path))["token"])


async def test_a_doubled_comment_is_noticed(played: Arena) -> None:
    before = await seen(played)
    issue = f"/repos/{QUICK.home.full_name}/issues/{QUICK.issue}/comments"
    (ours,) = await played.hub(QUICK.home).all(issue)
    headers = {"Authorization": f"token {await installation_token(played)}"}
    url = played.door.ready["api_url"] + issue
    async with played.session.post(url, json={"body": ours["body"]}, headers=headers) as answer:
        assert answer.status == 201

    found = picture.compare(before, await seen(played))

    name = f"{QUICK.home.full_name} #{QUICK.issue} comment by coppice[bot] status"
    assert (found.lost, found.doubled, found.changed) == ([], [name], [])


async def test_an_object_that_says_something_else_is_noticed(played: Arena) -> None:
    before = await seen(played)
    title = {"title": "Somebody else's"}
    path = f"/repos/{QUICK.home.full_name}/issues/{QUICK.issue}"
    await played.hub(QUICK.home).send("PATCH", path, title)

    found = picture.compare(before, await seen(played))

    assert (found.lost, found.doubled, len(found.changed)) == ([], [], 1)


async def test_a_lost_delivery_is_noticed(played: Arena) -> None:
    database = await played.database()
    await asyncio.sleep(1)
    for server in played.servers:
        await server.end()  # it would bring the delivery back
    assert (await books.audit(played, database, [])).lost == []

    await played.hub(QUICK.home).send(
        "POST", f"/repos/{QUICK.home.full_name}/issues", {"title": "Unheard", "body": ""}
    )

    async with asyncio.timeout(150):
        while not (lost := (await books.audit(played, database, [])).lost):
            await asyncio.sleep(0.1)
    assert [line.split()[0] for line in lost] == ["issues.opened"]
    await database.close()


async def test_a_call_of_the_model_without_a_row_is_noticed(played: Arena) -> None:
    database = await played.database()
    body = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}
    url = f"{played.model.url}/v1/chat/completions"

    async with played.session.post(url, json=body) as answer:
        assert answer.status == 200

    assert (await books.audit(played, database, [])).unpaid == 1
    await database.close()


@pytest.mark.sqlite  # on PostgreSQL: `make chaos DB=postgresql`
async def test_nothing_is_lost_or_doubled_while_processes_are_killed(tmp_path: Path) -> None:
    wish = play.Wish(seed=1, runs=2, kills=2)
    chaos = await play.in_chaos(wish, tmp_path / "chaos")
    peace = await play.undisturbed(plot(2), chaos.begun, tmp_path / "peace")

    found = picture.compare(peace.picture, chaos.picture)

    assert (found.lost, found.doubled, found.changed) == ([], [], [])
    assert (chaos.books.lost, chaos.books.stuck, chaos.in_vain) == ([], [], [])
    assert chaos.killed.total() >= 2
    assert peace.endings == chaos.endings
