"""Whose approval a plan takes where only owners count: for each file, one of its owners."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bot.engine.source import Source
from bot.engine.writer import Writer
from bot.errors import UserError
from bot.pipeline.contract import Contract
from bot.pipeline.globs import is_plain, matches
from bot.runs import Gate, Run


class Owned(NamedTuple):
    """The paths that somebody owns, by whether these people do."""

    theirs: Sequence[str]
    others: Sequence[str]


@dataclass(frozen=True, slots=True)
class Ownership:
    writer: Writer
    source: Source

    async def by(self, run: Run, gate: Gate, made: Contract, logins: Sequence[str]) -> Owned:
        """Tell what of the plan, or of its amendment, these people own together."""
        paths = gate.amendment.paths if gate.amendment else await self._paths(run, gate, made)
        try:
            owners = await self.source.owners(run.repository, paths)
        except UserError:  # nobody can tell who owns them
            return Owned((), paths)
        named = set().union(*owners.values())
        mine: set[str] = set()
        for login in logins:
            mine |= await self.source.meant(run.repository, login, named)
        theirs = [path for path, names in owners.items() if names & mine]
        return Owned(theirs, [path for path in owners if path not in theirs])

    async def _paths(self, run: Run, gate: Gate, made: Contract) -> Sequence[str]:
        """What the plan names, and what of the repository its patterns mean."""
        globs = [file.glob for file in made.plan.files]
        wide = [glob for glob in globs if not is_plain(glob)]
        there = await self.writer.shop.objects(run).paths(gate.base_sha) if wide else []
        return list(dict.fromkeys([*globs, *_meant(wide, there)]))


def _meant(globs: Sequence[str], paths: Iterable[str]) -> Iterator[str]:
    return (path for path in paths if any(matches(glob, path) for glob in globs))
