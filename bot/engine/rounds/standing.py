"""What a round stands on: the head and the base of the pull request as they are by now."""

from dataclasses import dataclass

from bot.engine.source import Source
from bot.engine.writer import Writer
from bot.runs import Json, Message, MessageKind, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The two commits that a round stands between, as GitHub has them."""

    head: str
    base: str
    behind: bool
    """The branch lacks the base."""
    conflicts: tuple[str, ...]
    follow: bool = False
    """The repository wants the base in, conflict or not."""

    def merges(self, message: Message) -> bool:
        """Does a person want the base in, conflict or not?"""
        wanted = message.kind is MessageKind.REBASE or (
            message.kind is MessageKind.FIX and message.text != "checks" and bool(self.conflicts)
        )
        follows = self.follow and not self.conflicts
        return (wanted or follows) and self.behind


@dataclass(frozen=True, slots=True)
class Standing:
    writer: Writer
    source: Source

    async def retargeted(self, run: Run) -> Run:
        """Stand before the base that the pull request has now: a person may choose another."""
        pull = await self.source.pull_request(run)
        if pull is None or pull.base == run.work.base_ref:
            return run
        return await self.writer.update(run.id, work={"base_ref": pull.base})

    async def ground(self, run: Run, *, follow: bool = False) -> Ground | None:
        """Fetch head and base; None: the branch is gone."""
        work, objects = run.work, self.writer.shop.objects(run)
        head = await self.source.fetch(run.repository, work.branch or "")
        base = await self.source.fetch(run.repository, work.base_ref or "")
        if head is None:
            return None
        behind = base is not None and not await objects.is_ancestor(base, head)
        merged = await objects.merge(head, base) if base is not None and behind else None
        return Ground(
            head=head,
            base=base or work.base_sha or head,
            behind=behind,
            follow=follow,
            conflicts=merged.conflicts if merged else (),
        )

    async def adopt(self, run: Run, head: str) -> Run:
        """Stand on what the branch holds now; a person's push is kept."""
        if head == run.work.pushed:
            return run
        work = {
            "pushed": head,
            "reruns": [],
            "checks_tried": [],
            "checks": [],
            **await self._at(run, head),
        }
        return await self.writer.update(run.id, work=work)

    async def as_pushed(self, run: Run) -> dict[str, Json]:
        """Stand on what the branch holds, not on work that came to nothing."""
        return await self._at(run, run.work.pushed) if run.work.pushed is not None else {}

    async def _at(self, run: Run, head: str) -> dict[str, Json]:
        tree = await self.writer.shop.objects(run).tree(head)
        checkpoint = await self.commit(run, tree, (head,), "As it is on the branch")
        return {"tree": tree, "checkpoint": checkpoint}

    async def only_ours(self, run: Run, ground: Ground) -> bool:
        """Has nobody but us committed to the branch?"""
        identity = self.writer.shop.identity
        objects = self.writer.shop.objects(run)
        authors = await objects.authors_between(ground.base, ground.head)
        return authors <= {f"{identity.name} <{identity.email}>"}

    async def commit(self, run: Run, tree: str, above: tuple[str, ...], what: str) -> str:
        """A commit of ours that is never pushed itself."""
        shop = self.writer.shop
        return await shop.objects(run).commit(
            tree, above, what, author=shop.identity, at=int(run.created_at)
        )
