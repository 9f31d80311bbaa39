"""The acts that follow the repository's own CI. Knows nothing of dbos."""

from collections.abc import Collection
from dataclasses import dataclass

from bot.engine.rounds.ci import TIMED_OUT, Judged, Verdict
from bot.engine.rounds.reading import CiState, Reading
from bot.engine.writer import Writer
from bot.github.markdown import code
from bot.runs import Json, Kept, Message, Rerun, Run

_WORDS = {
    Verdict.REAL: "fails",
    Verdict.FLAKY: "is flaky: it passed when it ran again on the same commit",
    Verdict.BASE: "fails on the base too",
    Verdict.INFRASTRUCTURE: "did not run to its end",
    Verdict.PERSON: "waits for a person",
    Verdict.PENDING: "has not ended",
}
_NOT_BEGUN = "is required for a merge and has not begun; look whether anything runs it"


class Seen(Kept):
    """What is to be done about the CI of the head."""

    round: bool = False
    """A real failure, seen twice: it is worth a round."""
    twice: bool = False
    """It failed again when it was run once more."""
    rerun: tuple[int, ...] = ()
    """Suites to run once more before anything is spent."""
    told: bool = False
    """What people are told of it has changed."""
    waits: bool = False
    """Something failed while others have not ended."""


@dataclass(frozen=True, slots=True)
class CiActs:
    writer: Writer
    reading: Reading

    async def look(self, run_id: str, document: Json, patient: bool = True) -> Json:  # noqa: FBT001, FBT002
        """Judge the head's checks once all are complete; what an older head has is dropped.

        Not ``patient``: what has not ended by now is not waited for.
        """
        run, message = (await self.writer.story(run_id)).run, Message.model_validate(document)
        head = run.work.pushed
        if head is None or (message.sha is not None and message.sha != head):
            return Seen().model_dump(mode="json")
        state = await self.reading.ci(run, head)
        if state.pending and patient:
            return (await self._under_way(run, state)).model_dump(mode="json")
        new = sorted(state.ripe.suites - set(run.work.reruns))
        told = await self._tell(run, (*_lines(state, new), *await self._missing(run, state)))
        state = state.ripe
        # what a round came to nothing about is the same at the next word on the same commit
        real = any(check.name not in run.work.checks_tried for check in state.failing)
        seen = Seen(round=real and not new, twice=real and state.twice, rerun=tuple(new), told=told)
        return seen.model_dump(mode="json")

    async def missing(self, run_id: str) -> Json:
        """Nothing was heard of the CI for a while: say what is required and has not begun."""
        run = (await self.writer.story(run_id)).run
        if run.work.pushed is None:
            return Seen().model_dump(mode="json")
        run = await self.writer.update(run_id, work={"checks_awaited": run.work.pushed})
        state = await self.reading.ci(run, run.work.pushed or "")
        lines = await self._missing(run, state)
        new = [line for line in lines if line not in run.work.checks]
        told = bool(new) and await self._tell(run, (*run.work.checks, *new))
        return Seen(told=told).model_dump(mode="json")

    async def _missing(self, run: Run, state: CiState) -> tuple[str, ...]:
        """What is required and has had its time; what is under way may still begin more of it."""
        head = run.work.pushed or ""
        if run.work.checks_awaited != head or state.pending or state.told(Verdict.PERSON):
            return ()
        missing = await self.reading.missing(run, head)
        return tuple(f"CI: {code(name)} {_NOT_BEGUN}." for name in missing)

    async def _under_way(self, run: Run, state: CiState) -> Seen:
        """People hear at once of what waits for them; all else is said when all has ended."""
        lines = _lines(state, (), Verdict.PERSON)
        told = bool(lines) and await self._tell(run, lines)
        tried, ripe = run.work.checks_tried, state.ripe
        failing = any(check.name not in tried for check in ripe.failing)
        return Seen(told=told, waits=failing or bool(ripe.suites - set(run.work.reruns)))

    async def _tell(self, run: Run, lines: tuple[str, ...]) -> bool:
        """Write down what people are told; is it something else than before?"""
        if lines != run.work.checks:
            await self.writer.update(run.id, work={"checks": list(lines)})
        return lines != run.work.checks

    async def rerun(self, run_id: str, suite: int) -> Json:
        """Run a suite once more on the same commit: what passes then was flaky."""
        run = (await self.writer.story(run_id)).run
        effect = Rerun(suite=suite, sha=run.work.pushed or "")
        applied, outcome = await self.writer.apply(run, effect)
        await self.writer.update(run_id, work={"reruns": [*run.work.reruns, suite]})
        del outcome  # one that cannot be run again counts as seen twice
        return applied is not None


def _lines(state: CiState, again: Collection[int], *verdicts: Verdict) -> tuple[str, ...]:
    """What people are told: nothing of what passes. Suites of ``again`` run once more now."""
    lines = [
        f"CI: {code(each.check.name)} {_words(each, again)}."
        for verdict in verdicts or _WORDS
        for each in state.told(verdict)
    ]
    return tuple(dict.fromkeys(lines))


def _words(judged: Judged, again: Collection[int]) -> str:
    if judged.verdict is Verdict.REAL and judged.check.conclusion == TIMED_OUT:
        return "fails: it timed out each time"
    if judged.verdict is not Verdict.INFRASTRUCTURE:
        return _WORDS[judged.verdict]
    how = (judged.check.conclusion or "").replace("_", " ")
    asked = judged.worth_a_rerun and judged.check.suite in again
    comes = "it runs once more" if asked else "run it again on its own page"
    return f"{_WORDS[judged.verdict]}: {how}; {comes}"
