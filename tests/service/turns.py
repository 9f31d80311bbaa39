"""Runs at a turn: at work, or following a pull request; and what people do to them."""

from tests.service.world import Json, World


def note(issue: int) -> dict[str, Json]:
    """A change of its own for each issue, because one of them is merged."""
    return {"write": f"NOTES-{issue}.md", "text": "A note.\n"}


async def at_work(town: World) -> tuple[int, Json]:
    """A run whose agent hangs; its issue and the run."""
    issue = await town.issue()
    town.script(issue, [note(issue), {"hang": 600}], [note(issue)])
    await town.label(issue)
    return issue, await town.at(issue, "implement")


async def following(town: World) -> tuple[int, Json]:
    """A run whose draft pull request is open."""
    issue = await town.issue()
    town.script(
        issue, [note(issue)], [note(issue), {"write": "MORE.md", "text": "more\n"}, {"hang": 600}]
    )
    await town.label(issue)
    run = await town.ended(issue)
    assert (run["status"], run["following"]) == ("done", True), run
    return issue, run


async def over(town: World, issue: int, status: str = "cancelled") -> Json:
    """Wait until the run neither works nor follows."""

    def seen(rows: list[Json]) -> bool:
        row = next(row for row in rows if row["issue"] == issue)
        return row["status"] == status and not row["following"]

    rows = await town.until(seen, seconds=150)
    return next(row for row in rows if row["issue"] == issue)


def branch(run: Json) -> str:
    return f"coppice/{run['issue']}-{run['id'][:6]}"


async def delete_branch(town: World, name: str) -> None:
    await town.repo("DELETE", f"/git/refs/heads/{name}")


async def push(town: World, name: str) -> None:
    """Commit to a branch as the maintainer would."""
    there = {"message": "Mine", "content": "bWluZQo=", "branch": name}
    await town.repo("PUT", "/contents/MINE.md", there)
