"""The acts that follow the repository's own CI. Knows nothing of dbos."""

from dataclasses import dataclass

from bot.engine.rounds.ci import Verdict
from bot.engine.rounds.reading import CiState, Reading
from bot.engine.writer import Writer
from bot.github.markdown import code
from bot.runs import Json, Message, Record, Rerun

_WORDS = {
    Verdict.REAL: "fails",
    Verdict.FLAKY: "is flaky: it passed on the same commit, or fails on the base too",
    Verdict.INFRASTRUCTURE: "did not run to its end",
    Verdict.PERSON: "waits for a person",
}


class Seen(Record):
    """What is to be done about the CI of the head."""

    round: bool = False
    """A real failure, seen twice: it is worth a round."""
    twice: bool = False
    """It failed again when it was run once more."""
    rerun: tuple[int, ...] = ()
    """Suites to run once more before anything is spent."""
    told: bool = False
    """What people are told of it has changed."""


@dataclass(frozen=True, slots=True)
class CiActs:
    writer: Writer
    reading: Reading

    async def look(self, run_id: str, document: Json) -> Json:
        """Judge the head's checks once all are complete; what an older head has is dropped."""
        run, message = (await self.writer.story(run_id)).run, Message.model_validate(document)
        head = run.work.pushed
        if head is None or (message.sha is not None and message.sha != head):
            return Seen().model_dump(mode="json")
        state = await self.reading.ci(run, head)
        if state.pending:
            return Seen().model_dump(mode="json")
        lines = _lines(state)
        told = lines != run.work.checks
        new = sorted(set(state.suites.values()) - set(run.work.reruns))
        await self.writer.update(run_id, work={"checks": list(lines)})
        # what a round came to nothing about is the same at the next word on the same commit
        real = any(check.name not in run.work.checks_tried for check in state.failing)
        seen = Seen(round=real and not new, twice=real and state.twice, rerun=tuple(new), told=told)
        return seen.model_dump(mode="json")

    async def rerun(self, run_id: str, suite: int) -> Json:
        """Run a suite once more on the same commit: what passes then was flaky."""
        run = (await self.writer.story(run_id)).run
        effect = Rerun(suite=suite, sha=run.work.pushed or "")
        applied, outcome = await self.writer.apply(run, effect)
        await self.writer.update(run_id, work={"reruns": [*run.work.reruns, suite]})
        del outcome  # one that cannot be run again counts as seen twice
        return applied is not None


def _lines(state: CiState) -> tuple[str, ...]:
    """What people are told: nothing of what passes."""
    return tuple(
        f"CI: {code(name)} {_WORDS[verdict]}."
        for verdict in _WORDS
        for name in state.named(verdict)
    )
