"""What the repository's own commands said about a base commit, kept by commit and commands."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from bot.runs import CommandResult
from bot.store import tables
from bot.store.upsert import upsert

_KEY = ("repository_id", "commit", "digest")


def get(c: Connection, repository_id: int, commit: str, digest: str) -> list[CommandResult] | None:
    """Read the results on a commit; `digest` names the commands, their order and their limits."""
    row = tables.baselines.c
    found = c.execute(
        select(row.results).where(
            row.repository_id == repository_id, row.commit == commit, row.digest == digest
        )
    ).scalar()
    return None if found is None else [CommandResult.model_validate(result) for result in found]


def put(
    c: Connection, repository_id: int, commit: str, digest: str, results: Sequence[CommandResult]
) -> None:
    """Keep the results on a commit; newer ones replace older ones."""
    values = {
        "repository_id": repository_id,
        "commit": commit,
        "digest": digest,
        "results": [result.model_dump(mode="json") for result in results],
    }
    upsert(c, tables.baselines, values, key=_KEY)
