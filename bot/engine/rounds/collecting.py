"""Collect what waits on an open pull request: threads, reviews, notes, failing checks."""

import asyncio
from dataclasses import dataclass

from bot.engine.rounds import material
from bot.engine.rounds.material import Material
from bot.engine.rounds.praise import asks
from bot.engine.rounds.reading import Reading
from bot.engine.rounds.standing import Ground
from bot.engine.rounds.suggestions import applied
from bot.engine.writer import Writer
from bot.github.conversations import ReviewThread, ThreadComment
from bot.guard.commands import beside_commands
from bot.runs import Message, MessageKind, Run

_WANTING = ("COMMENTED", "CHANGES_REQUESTED")
"""The states of reviews whose words are taken for a request whatever they are."""


@dataclass(frozen=True, slots=True)
class Collector:
    writer: Writer
    reading: Reading

    async def collect(self, run: Run, message: Message, ground: Ground) -> Material:
        """Everything that waits at this moment."""
        threads, writers = await self._threads(run)
        fits = [t for t in threads if _by_writer(t, writers) and material.suggestion(t)]
        suggested = await self._suggested(run, ground.head, fits)
        takes_checks = message.kind is not MessageKind.FIX or message.text != "conflicts"
        takes_base = message.kind is not MessageKind.FIX or message.text != "checks"
        state = await self.reading.ci(run, ground.head) if takes_checks else None
        failing = state.failing if state else ()
        notes = [run.work.note] if run.work.note else []
        notes += [note.text for note in run.work.unheard]
        if message.kind is MessageKind.NOTE and message.text and not _waits(run, message):
            notes.append(message.text)
        return Material(
            threads=tuple(t for t in threads if t.id not in {s.id for s in suggested}),
            suggested=tuple(suggested),
            writers=tuple(sorted(writers)),
            reviews=await self._reviews(run),
            notes=tuple(notes),
            failing=await self.reading.logs(run, failing) if failing else (),
            conflicts=ground.conflicts if takes_base else (),
            base=run.work.base_ref,
        )

    async def heard(self, run: Run, message: Message) -> bool:
        """Is it a note that an earlier round took in? It waits no more, its message is read."""
        heard = message.kind is MessageKind.NOTE and run.work.heard(message.note)
        if heard:
            await self.writer.heard(run.id, message)
        return heard

    async def take_in(self, run: Run, message: Message, found: Material) -> None:
        """Have what people wrote wait no more, where the round that begins is about it."""
        note, texts = message.note, found.notes
        await self.writer.revise(run.id, lambda work: {"notes": work.taken_in(note, texts)})

    async def _threads(self, run: Run) -> tuple[list[ReviewThread], set[str]]:
        """Those in which somebody who may write wants something, and who that is."""
        me = await self.reading.me(run)
        said = await asyncio.to_thread(
            material.said_beside_commands, await self.reading.threads(run), short=self._short(run)
        )
        open_ones = material.waiting(said, me)
        people = [c.author for t in open_ones for c in t.comments if not c.author.bot]
        writers = await self.reading.writers(run.repository, people)
        wanted = [
            t
            for t in open_ones
            if any(c.author.login in writers or c.author.bot for c in t.comments)
        ]
        return [t for t in wanted if _asked(t, me, writers)], writers

    async def _reviews(self, run: Run) -> tuple[str, ...]:
        """The words of submitted reviews that no round has taken in yet, and mark them as seen."""
        me = await self.reading.me(run)
        there = await self.reading.conversation(run)
        seen = set(run.work.reviews_seen)
        short = self._short(run)
        said = {
            r.id: await asyncio.to_thread(beside_commands, r.body, short=short)
            for r in there.reviews
            if r.id not in seen
        }
        new = [
            r
            for r in there.reviews
            if said.get(r.id, "").strip()
            and r.author.id != me
            and (r.state in _WANTING or (r.state == "APPROVED" and asks(said[r.id])))
        ]
        writers = await self.reading.writers(run.repository, [r.author for r in new])
        return tuple(f"{r.author.login}: {said[r.id]}" for r in new if r.author.login in writers)

    def _short(self, run: Run) -> bool:
        """Are the verbs heard alone in this repository?"""
        config = self.writer.shop.known_config(run.id)
        return config is not None and config.commands.short

    async def _suggested(
        self, run: Run, head: str, threads: list[ReviewThread]
    ) -> list[ReviewThread]:
        """Those whose suggestion fits the file as it is."""
        _, went_in = await self.with_suggestions(run, head, threads)
        return [thread for thread in threads if thread.id in went_in]

    async def with_suggestions(
        self, run: Run, head: str, threads: list[ReviewThread]
    ) -> tuple[dict[str, bytes], set[str]]:
        """Files as suggestions make them, and the threads whose suggestion fits."""
        objects = self.writer.shop.objects(run)
        files: dict[str, bytes] = {}
        went_in: set[str] = set()
        for path in sorted({thread.path for thread in threads}):
            content = await objects.file(head, path)
            wanted = [s for t in threads if t.path == path and (s := material.suggestion(t))]
            try:
                text = content.decode() if content is not None else None
            except UnicodeDecodeError:
                text = None
            if text is not None:
                new, taken = applied(text, wanted)
                files[path] = new.encode()
                went_in.update(taken)
        return files, went_in


def _waits(run: Run, message: Message) -> bool:
    """Is it written down already what somebody says here?"""
    return any(note.same(message.note) for note in run.work.unheard)


def _by_writer(thread: ReviewThread, writers: set[str]) -> bool:
    last = thread.comments[-1].author
    return not last.bot and last.login in writers


def _asked(thread: ReviewThread, me: int, writers: set[str]) -> bool:
    """Has somebody who may write, or another bot, spoken since our last word?"""
    since: list[ThreadComment] = []
    for comment in thread.comments:
        since = [] if comment.author.id == me else [*since, comment]
    return any(comment.author.login in writers or comment.author.bot for comment in since)
