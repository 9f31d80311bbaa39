"""What GitHub answered is kept to be asked for conditionally, within bounds for the process."""

import random
from base64 import b64encode

from bot.github.app import App
from bot.github.kept import LARGEST, Kept
from tests.github.edge import Edge

WHERE = (9, 1)
NOISE = random.Random(1)


def noise(size: int) -> str:
    """A text that hardly gets smaller by packing."""
    return b64encode(NOISE.randbytes(size)).decode()


async def test_many_repositories_are_remembered_within_bounds(app: App, edge: Edge) -> None:
    text = noise(900_000)
    read = range(1, 23)
    for repository in (*read, 22, 1):
        path = f"/{repository}"
        if repository not in edge.answers:
            edge.will(f"GET {path}", 200, {"text": text}, etag=f'"{repository}"')
        await (await app.client(9, repository)).getitem(path)

    assert [asked.if_none_match for asked in edge.calls("GET /22")] == [None, '"22"']
    assert [asked.if_none_match for asked in edge.calls("GET /1")] == [None, None]


async def test_repositories_do_not_share_what_is_known(app: App, edge: Edge) -> None:
    edge.will("GET /x", 200, {"id": 1}, etag='"e"')
    await (await app.client(9, 1)).getitem("/x")
    await (await app.client(9, 2)).getitem("/x")

    assert [asked.if_none_match for asked in edge.calls("GET /x")] == [None, None]


async def test_pages_of_deliveries_push_nothing_out(app: App, edge: Edge) -> None:
    edge.will("GET /x", 200, {"id": 1}, etag='"x"')
    edge.will("GET /app/installations", 200, [], etag='"i"')
    edge.will("GET /app/hook/deliveries", 200, [{"text": noise(700_000)}], etag='"e"')
    for _ in range(2):
        await (await app.client(9, 1)).getitem("/x")
        await app.as_app.getitem("/app/installations")
    for cursor in (1, 2, 1):
        await app.as_app.getitem(f"/app/hook/deliveries?cursor=v1_{cursor}")
    await (await app.client(9, 1)).getitem("/x")

    asked = edge.calls("GET /app/hook/deliveries")
    assert [one.if_none_match for one in asked] == [None, None, None]
    assert [one.if_none_match for one in edge.calls("GET /app/installations")] == [None, '"i"']
    assert [one.if_none_match for one in edge.calls("GET /x")] == [None, '"x"', '"x"']


def test_what_was_asked_for_last_stays() -> None:
    kept = Kept(most=100_000)
    answers = kept.of(WHERE)
    for n in range(1000):
        answers[f"/{n}"] = ('"e"', None, {"n": n}, None)
        assert answers["/0"] == ('"e"', None, {"n": 0}, None)

    assert "/999" in answers
    assert "/1" not in answers
    assert 1 < len(answers) < 200
    assert kept.bytes <= 100_000


def test_one_that_is_too_large_is_left_out_with_what_was_there_before() -> None:
    answers = Kept().of(WHERE)
    answers["/x"] = ('"old"', None, "small", None)
    answers["/x"] = ('"new"', None, noise(2 * LARGEST), None)

    assert "/x" not in answers


def test_one_that_is_larger_than_all_there_is_room_for_is_left_out() -> None:
    answers = Kept(most=1000).of(WHERE)

    answers["/x"] = ('"e"', None, noise(1000), None)

    assert "/x" not in answers


def test_what_its_reader_changes_stays_as_github_said_it() -> None:
    answers = Kept().of(WHERE)
    answers["/x"] = (None, "Sun", {"labels": ["a"]}, "/x?page=2")
    answers["/x"][2]["labels"].append("b")

    assert answers["/x"] == (None, "Sun", {"labels": ["a"]}, "/x?page=2")
