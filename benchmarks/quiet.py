"""How much Coppice writes and reads on GitHub in the life of one pull request.

The run: a plan that is approved, two attempts that fail and one that passes, a review with three
threads, the repository's CI asked for and failing once for real. Beside it stands the fewest that
somebody would write by hand to show the same, listed here.
"""

import asyncio
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.figure import Figure, alone, compare, show
from benchmarks.stage import SETTLING_SECONDS
from tests.service.gate import plan, shown, waiting
from tests.service.world import PATIENCE, World, world

Row = dict[str, Any]
RULES = """\
verify: {test: "test ! -e BROKEN.md", lint: "test ! -e UGLY.md"}
gate: always
limits: {open_pull_requests: 9, settle: 1}
"""
BY_HAND = {
    "the label is seen: 👀": 1,
    "it begins: branch, check run, status, two labels defined, one put on": 6,
    "the plan waits: plan comment, notice, status, check run, labels in one write": 5,
    "approved: 👀, 🚀, plan comment, status, check run, labels in one write, notice folded": 7,
    "published: push, pull request, reviewer": 3,
    "verdicts on the head: verify, rules, Coppice": 3,
    "done: status, check run, label off": 3,
    "a review comes: status, check run, label on": 3,
    "its round: push, body, verify, rules, Coppice on the new head and the old one": 6,
    "its answer: a review begun, filled and submitted": 2,
    "that is done: status, label off": 2,
    "CI is asked for: 👀, 🚀, push, body, verify, rules, Coppice": 7,
    "CI fails: run once more": 1,
    "that is real: status, check run, label on": 3,
    "its own round: push, body, verify, rules, Coppice on the new head and the old one": 6,
    "done at last: status, label off": 2,
}
"""Writes, by what they show; the labels in one write each are better than ours."""


async def live(there: World) -> tuple[int, Row]:
    """Play the whole story; answer the issue and its run."""
    await there.write_file(".github/coppice.yml", RULES)
    issue = await there.issue()
    path = f"NOTES-{issue}.md"
    six = {"write": path, "text": "one\ntwo\nthree\nfour\nfive\nsix\n"}
    first = [six, {"write": "BROKEN.md", "text": "no\n"}]
    words = "1: fixed the wording\n2: declined because it is public\n3: question which one"
    answered = [{**six, "text": "ONE\ntwo\nthree\nfour\nfive\nsix\n"}, {"say": words}]
    unit = [{**six, "text": "ONE\nTWO\nthree\nfour\nfive\nsix\n"}]
    second = [six, {"run": "rm -f BROKEN.md && echo no > UGLY.md"}]
    third = [six, {"run": "rm -f BROKEN.md UGLY.md"}]
    wanted = plan(path, "BROKEN.md", "UGLY.md")
    there.script(issue, first, second, third, answered, unit, plan=[wanted])
    await there.label(issue)
    await waiting(there, issue)
    await shown(there, issue)
    await there.comment(issue, "/coppice approve")
    run = await there.ended(issue)
    if run["status"] != "done":
        raise RuntimeError(f"the run is {run['status']}: {run['error']}")
    number = run["pull_request"]
    head = (await there.repo("GET", f"/pulls/{number}"))["head"]["sha"]
    lines = [{"path": path, "line": n, "body": f"Line {n}?"} for n in (1, 2, 3)]
    review = {"event": "COMMENT", "body": "Some remarks.", "comments": lines}
    await there.repo("POST", f"/pulls/{number}/reviews", review)
    head = await there.head_after(number, head)
    await _done(there, issue)
    await there.comment(number, "/coppice ci")
    head = await there.head_after(number, head)
    await _done(there, issue)
    job = {"name": "unit", "conclusion": "failure", "log": "E   AssertionError: 1 != 2\n"}
    await there.call("POST", f"{there.control}/ci", {"pull_request": number, "runs": [job]})
    await there.head_after(number, head)
    await _done(there, issue)
    return issue, run


async def _done(there: World, issue: int) -> None:
    await asyncio.sleep(2 * SETTLING_SECONDS)
    ends = ("done", "failed", "blocked")
    rows = await there.until(lambda rows: rows[0]["issue"] == issue and rows[0]["status"] in ends)
    if rows[0]["status"] != "done":
        raise RuntimeError(f"the run is {rows[0]['status']}: {rows[0]['error']}")
    await asyncio.sleep(4 * SETTLING_SECONDS)


def _written(writes: list[Row]) -> list[Row]:
    """What changed something that people see; tokens are none of it."""
    ours = [w for w in writes if w["actor"].endswith("[bot]") and w["status"] < 300]
    return [w for w in ours if "access_tokens" not in w["path"]]


def twice(writes: list[Row]) -> list[str]:
    """Writes that were made again although nothing else was written there in between."""
    newest: dict[str, tuple[str, str]] = {}
    found = []
    for write in writes:
        method, path, digest = write["method"], write["path"], write["digest"]
        if path.endswith(("git-receive-pack", "/graphql")):
            continue
        place = re.sub(r"(/labels)/[^/]+$", r"\1", path)
        if newest.get(place) == (method, digest):
            found.append(f"{method} {path}")
        newest[place] = (method, digest)
    return found


def repeated(reads: list[Row]) -> list[str]:
    """Reads that were answered in full although nothing had changed since the last time."""
    tags: dict[str, str] = {}
    found = []
    for read in reads:
        if not read["actor"].endswith("[bot]") or not read["tag"]:
            continue
        if read["status"] == 200 and tags.get(read["path"]) == read["tag"]:
            found.append(read["path"])
        tags[read["path"]] = read["tag"]
    return found


async def measure(there: World) -> list[Figure]:
    issue, run = await live(there)
    writes = _written(await there.writes())
    reads = await there.call("GET", f"{there.control}/reads")
    comments = [c for c in await there.repo("GET", f"/issues/{issue}/comments") if _ours(c)]
    kinds = Counter(re.findall(r"<!-- coppice:(\w+)", "".join(c["body"] for c in comments)))
    number = run["pull_request"]
    on_pull = [c for c in await there.repo("GET", f"/issues/{number}/comments") if _ours(c)]
    reviews = [r for r in await there.repo("GET", f"/pulls/{number}/reviews") if _ours(r)]
    again, full = twice(writes), repeated(reads)
    for line in (*again, *full, *sorted(_counted(writes))):
        print(f"quiet: {line}", file=sys.stderr)
    calling = len(comments) + len(on_pull) - kinds["status"] - kinds["plan"]
    return [
        alone("status comments", "comments", kinds["status"], most=1),
        alone("plan comments", "comments", kinds["plan"], most=1),
        alone("comments that call a person", "comments", calling, most=1),
        alone("reviews that answer the threads", "reviews", len(reviews), most=1),
        compare(
            "writes to GitHub in a run with plan, review and CI",
            "the fewest that show the same, by hand",
            "writes",
            ([len(writes)], [sum(BY_HAND.values())]),
            most=1.3,
        ),
        alone("identical writes", "writes", len(again), most=0),
        alone("REST reads repeated in full", "reads", len(full), most=0),
    ]


def _counted(writes: list[Row]) -> list[str]:
    paths = [(w["method"], re.sub(r"[0-9a-f]{7,40}|[0-9]+", "N", w["path"])) for w in writes]
    kinds = Counter(f"{method} {path}" for method, path in paths)
    return [f"{count} {kind}" for kind, count in kinds.items()]


def _ours(item: Row) -> bool:
    return bool(item["user"]["type"] == "Bot")


async def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        async with world(Path(name)) as there, asyncio.timeout(6 * PATIENCE):
            show(*await measure(there))


if __name__ == "__main__":
    asyncio.run(main())
