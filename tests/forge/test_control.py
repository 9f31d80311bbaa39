"""Faults, switches and the list of writes (interfaces.md, `coppice forge`)."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from tests.forge.running import Forge


async def comment(forge: Forge, text: str = "x") -> int:
    path = f"{forge.repo}/issues/1/comments"
    return (await forge.post(path, {"body": text}, by="reader")).status


async def test_a_duplicate_has_the_same_guid(forge: Forge) -> None:
    await forge.fault("duplicate", event="issue_comment")
    await comment(forge)

    await forge.settled()

    first, second = forge.events("issue_comment.created")
    assert first.guid == second.guid


async def test_a_dropped_event_is_in_the_log(forge: Forge) -> None:
    await forge.fault("drop", event="issue_comment.created")
    await comment(forge)

    assert await forge.settled() == []
    (logged,) = (await forge.get("/app/hook/deliveries?status=failure", by="app")).body
    assert logged["status"] == "failed to connect to host"


async def test_events_come_in_another_order(forge: Forge) -> None:
    """5: google/go-github#2706, cla-assistant#546."""
    await forge.fault("reorder", event="issue_comment", seconds=2)
    await comment(forge, "first")
    await comment(forge, "second")

    await forge.settled()

    bodies = [one.payload["comment"]["body"] for one in forge.deliveries]
    assert bodies == ["second", "first"]


async def test_an_event_comes_late(forge: Forge) -> None:
    await forge.fault("delay", event="issue_comment", seconds=2)
    await comment(forge, "late")
    await comment(forge, "next")

    await forge.event("issue_comment.created", n=2)

    bodies = [one.payload["comment"]["body"] for one in forge.deliveries]
    assert bodies == ["next", "late"]


async def test_an_error_carries_nothing_out(forge: Forge) -> None:
    await forge.fault("error", method="POST", path="/repos/*/comments", after=1, times=2)

    statuses = [await comment(forge, str(n)) for n in range(4)]

    assert statuses == [201, 502, 502, 201]
    assert [one.body for one in forge.issue.comments] == ["0", "3"]


async def test_a_timeout_comes_after_the_deed(forge: Forge) -> None:
    await forge.fault("timeout_after", method="POST", path="*/comments", seconds=0)

    with pytest.raises(aiohttp.ClientError):
        await comment(forge)

    assert [one.body for one in forge.issue.comments] == ["x"]


async def test_the_nth_write_meets_the_secondary_limit(forge: Forge) -> None:
    await forge.fault("secondary", method="POST", after=1, seconds=30)

    first = await comment(forge)
    refused = await forge.post(f"{forge.repo}/issues/1/comments", {"body": "x"}, by="reader")

    assert (first, refused.status, refused.headers["Retry-After"]) == (201, 403, "30")
    assert await comment(forge) == 201


async def test_a_slow_push_is_slow(forge: Forge, tmp_path: Path) -> None:
    await forge.fault("slow", path="*/git-upload-pack", seconds=0.3)
    start = asyncio.get_running_loop().time()

    code, _ = await forge.git("clone", "-q", forge.clone_url, "c", cwd=tmp_path)

    assert code == 0
    assert asyncio.get_running_loop().time() - start > 0.3


async def test_faults_can_be_forgotten(forge: Forge) -> None:
    await forge.fault("error", method="POST", times=100)

    assert (await forge.delete("/_forge/faults")).status == 204
    assert await comment(forge) == 201


@pytest.mark.parametrize("body", [{"kind": "worse"}, {}, {"kind": "drop", "colour": "red"}])
async def test_a_fault_that_there_is_not_is_400(forge: Forge, body: dict[str, str]) -> None:
    assert (await forge.post("/_forge/faults", body)).status == 400


async def test_a_switch_that_there_is_not_is_400(forge: Forge) -> None:
    assert (await forge.post("/_forge/switch", {"switch": "off"})).status == 400
    assert (await forge.post("/_forge/switch", {"switch": "rename"})).status == 400


async def test_writes_are_listed_with_pushes(forge: Forge, tmp_path: Path) -> None:
    await comment(forge)
    await forge.post(f"{forge.repo}/issues/99/comments", {"body": "x"}, by="reader")
    await forge.git("clone", "-q", forge.clone_url, "c", cwd=tmp_path)
    await forge.git("push", "-q", "origin", "HEAD:feature", cwd=tmp_path / "c")

    writes = (await forge.get("/_forge/writes")).body

    path = f"{forge.repo}/issues/1/comments"
    reader, maintainer = forge.login("reader"), forge.login("maintainer")
    assert [(w["n"], w["actor"], w["method"], w["path"], w["status"]) for w in writes] == [
        (1, reader, "POST", path, 201),
        (2, reader, "POST", path.replace("/1/", "/99/"), 404),
        (3, maintainer, "POST", "/acme/greenhouse.git/git-receive-pack", 200),
    ]
