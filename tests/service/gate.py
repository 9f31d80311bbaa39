"""Runs whose plan waits for people."""

from tests.service.world import Json, World

GATED = "verify: {test: 'true'}\nlimits: {open_pull_requests: 100}\ngate: always\n"


def plan(*paths: str, summary: str = "It adds a note.") -> Json:
    return {
        "summary": summary,
        "steps": [{"description": "Write the note.", "check": {"expected": "a person looks"}}],
        "files": [{"glob": path, "action": "add", "purpose": "the note"} for path in paths],
    }


def note(issue: int) -> Json:
    return {"write": f"NOTES-{issue}.md", "text": "A note.\n"}


async def waiting(town: World, issue: int) -> Json:
    """Wait until the newest run of an issue waits for people."""

    def mine(rows: list[Json]) -> Json:
        return next((r for r in rows if r["issue"] == issue), {"status": ""})

    return mine(await town.until(lambda rows: mine(rows)["status"] == "waiting"))


async def planned(town: World, *plans: Json, extra: tuple[Json, ...] = ()) -> tuple[int, Json]:
    """A run that waits with a plan for `NOTES-{issue}.md`; its issue and the run."""
    issue = await town.issue()
    made = list(plans) or [plan(f"NOTES-{issue}.md")]
    town.script(issue, [note(issue), *extra], plan=made)
    await town.label(issue)
    run = await waiting(town, issue)
    await shown(town, issue, "pprove")  # whoever approves has read it
    return issue, run


async def shown(town: World, issue: int, holds: str = "approve to start") -> Json:
    """Wait until the plan comment says something; answer it."""
    return await town.comment_that(issue, lambda body: "coppice:plan " in body and holds in body)
