"""Record the workflow rows of real runs, for later code to replay.

    python -m tests.engine.recording NAME

Made once for a release, before the code of its workflows changes; kept as long as such runs live.
"""

import asyncio
import json
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.service.gate import GATED, planned
from tests.service.world import World, world

FOLDER = Path(__file__).parent / "recorded"
NOTE = [{"write": "NOTES.md", "text": "A note.\n"}]
MORE = [{"write": "MORE.md", "text": "More.\n"}, {"say": "1: fixed it"}]
RULES = "verify: {test: 'test -f NOTES.md'}\nlimits: {settle: 0, open_pull_requests: 100}\n"


async def act(there: World) -> None:
    """One run that ends, one that waits at its gate, one that follows after a round."""
    await there.write_file(".github/coppice.yml", RULES)
    await _reviewed(there)
    stopped = await there.issue()
    there.script(stopped, [{"hang": 600}])
    await there.label(stopped)
    await there.at(stopped, "implement")
    await there.comment(stopped, "/coppice stop")
    await there.ended(stopped)
    await there.write_file(".github/coppice.yml", GATED)
    await planned(there)


async def _reviewed(there: World) -> None:
    there.script(1, NOTE, MORE)
    await there.label(1)
    run = await there.ended(1)
    number = run["pull_request"]
    head = (await there.repo("GET", f"/pulls/{number}"))["head"]["sha"]
    comment = {"path": "NOTES.md", "line": 1, "body": "Why?"}
    review = {"event": "COMMENT", "body": "One remark.", "comments": [comment]}
    await there.repo("POST", f"/pulls/{number}/reviews", review)
    await there.head_after(number, head)
    await there.until(lambda rows: rows[0]["status"] == "done")


def rows(file: Path) -> dict[str, list[dict[str, Any]]]:
    """Read every table of the engine's that holds something of a workflow."""
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        names = [
            str(row["name"])
            for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        found = {
            name: [dict(r) for r in connection.execute(f"SELECT * FROM {name}")] for name in names
        }
    wanted = ("workflow", "operation", "notification")
    return {name: each for name, each in found.items() if name.startswith(wanted) and each}


async def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        async with world(Path(name)) as there:
            await act(there)
            await asyncio.sleep(1)
            await there.kill()
            found = rows(Path(name) / "coppice" / "coppice-engine.sqlite")
    (FOLDER / f"{sys.argv[1]}.json").write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
