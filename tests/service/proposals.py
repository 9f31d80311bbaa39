"""Pull requests of people, and what Coppice says on them when somebody asks."""

import asyncio
import base64
from typing import Any

from tests.service.world import PATIENCE, Json, World

LINES = "".join(f"line {n} of the file\n" for n in range(1, 31))


async def commit(
    town: World,
    branch: str,
    path: str,
    text: str | None,
    *,
    where: str = "",
    who: str = "maintainer",
) -> str:
    """Write or delete a file on a branch through the API; answer the new commit."""
    at = f"/repos/{where or town.repository}/contents/{path}"
    body: Json = {"message": f"Change {path}", "branch": branch}
    try:
        there = await town.call("GET", f"{at}?ref={branch}", who=who)
        body["sha"] = there["sha"]
    except AssertionError:
        pass
    if text is None:
        return str((await town.call("DELETE", at, body, who=who))["commit"]["sha"])
    body["content"] = base64.b64encode(text.encode()).decode()
    return str((await town.call("PUT", at, body, who=who))["commit"]["sha"])


async def branch(town: World, name: str, *, where: str = "", who: str = "maintainer") -> str:
    """Begin a branch at `main`; answer the commit."""
    at = where or town.repository
    main = await town.call("GET", f"/repos/{at}/git/ref/heads/main", who=who)
    sha = str(main["object"]["sha"])
    ref = {"ref": f"refs/heads/{name}", "sha": sha}
    await town.call("POST", f"/repos/{at}/git/refs", ref, who=who)
    return sha


async def proposed(town: World, name: str, files: dict[str, str | None], **more: Any) -> int:
    """A pull request of the maintainer's from a branch of the repository; its number."""
    await branch(town, name)
    for path, text in files.items():
        await commit(town, name, path, text)
    wanted = {"title": f"Propose {name}", "body": "Please.", "head": name, "base": "main", **more}
    return int((await town.repo("POST", "/pulls", wanted))["number"])


async def forked(town: World, name: str, files: dict[str, str]) -> tuple[int, str]:
    """A pull request of a stranger's from a fork; its number and the fork's full name."""
    fork = await town.repo("POST", "/forks", {}, who="stranger")
    where = str(fork["full_name"])
    await branch(town, name, where=where, who="stranger")
    for path, text in files.items():
        await commit(town, name, path, text, where=where, who="stranger")
    head = f"{where.partition('/')[0]}:{name}"
    wanted = {"title": "From a fork", "body": "Please.", "head": head, "base": "main"}
    made = await town.repo("POST", "/pulls", wanted, who="stranger")
    return int(made["number"]), where


def reviewer(town: World, number: int, *answers: Any, thinks: float = 0.0) -> None:
    """What the agent finds on a pull request, the first time it is asked, the second, …"""
    town.script(number, review=[{"findings": list(found)} for found in answers], thinks=thinks)


def finding(path: str, line: int | None, title: str, severity: str = "should", **more: Any) -> Json:
    where = {} if line is None else {"line": line}
    return {"file": path, **where, "severity": severity, "title": title, **more}


async def reviews(town: World, number: int) -> list[Json]:
    """The reviews of Coppice, oldest first."""
    listed = await town.repo("GET", f"/pulls/{number}/reviews?per_page=100")
    return [each for each in listed if each["user"]["type"] == "Bot"]


async def remarks(town: World, number: int) -> list[Json]:
    """What Coppice said at lines."""
    listed = await town.repo("GET", f"/pulls/{number}/comments?per_page=100")
    return [each for each in listed if each["user"]["type"] == "Bot"]


async def reviewed(town: World, number: int, count: int = 1) -> Json:
    """Wait for the n-th review of Coppice and the end of its run; answer it."""
    async with asyncio.timeout(PATIENCE):
        while len(found := await reviews(town, number)) < count:
            rows = [row for row in await town.runs() if row["issue"] == number]
            if rows and rows[0]["status"] in ("failed", "blocked"):
                raise AssertionError(rows[0])
            await asyncio.sleep(0.1)
    await town.ended(number)
    return found[-1]
