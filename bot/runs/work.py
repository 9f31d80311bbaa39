"""What a run has in git and on GitHub so far."""

from collections.abc import Collection, Iterable

from pydantic import field_serializer

from bot.runs.ending import Ending
from bot.runs.gate import Gate, Overlap, Shown
from bot.runs.record import Json, Kept
from bot.runs.spending import Budget, Spend


class Notice(Kept):
    """The one new comment that tells a person to act."""

    purpose: str
    node: str
    """Node id."""


class Note(Kept):
    """Words of a person to a run that could not act on them at once."""

    by: str
    """Login."""
    text: str
    comment_id: int | None = None
    round: int | None = None
    """The round that took them in before their message was read: that asks for nothing more."""

    def same(self, other: "Note") -> bool:
        return (self.comment_id, self.text) == (other.comment_id, other.text)


class Round(Kept):
    """One round on the open pull request: what it takes in. The threads lie in the run's files."""

    number: int
    onto: str | None = None
    """The commit of ours that work begins at: the base merged in, suggestions applied. It is never
    pushed itself."""
    base: str | None = None
    """The base that is merged in, or rebased on."""
    base_before: str | None = None
    rebase: bool = False
    suggested: tuple[str, ...] = ()
    """Threads whose suggestion was applied as it is."""
    checks: tuple[str, ...] = ()
    """Names of failing checks that it is about."""
    conflicts: tuple[str, ...] = ()
    """Paths in which the marks of a conflict stand."""
    dropped: tuple[str, ...] = ()
    """Those of them that the head of somebody's pull request has no more."""
    tests: bool = False
    """Tests and CI configuration that are there may be changed, though checks fail."""
    by: str | None = None
    """Who asked for it; None: it began by itself."""
    since: int = 0
    """Sequence number of the run's newest event when it began."""
    old: str | None = None
    """What the branch was at."""
    taken_over: int = 0
    """How often somebody pushed while it worked."""


class Visit(Kept):
    """The pull request of somebody else that a run reviews or mends, as it was when it began."""

    number: int
    house: str
    """Commit of the default branch: rules and orders come from there."""
    head_sha: str
    head_ref: str
    """Branch of ``head_repository``."""
    head_repository: str | None
    """Full name; None: the fork is gone."""
    same_repository: bool
    """False: a fork, to which nothing is ever pushed."""
    draft: bool = False
    turn: int = 1
    """How often it was begun, because somebody replaced its commits meanwhile."""
    left: str | None = None
    """What came of it in the end: the page of the review, or the commit that was pushed."""


class Grant(Kept):
    """What somebody let a retried run spend from then on, in the place of its first budget."""

    budget: Budget
    spent: Spend
    """What it had spent by then."""
    at: float

    @field_serializer("spent")
    def _known_before(self, spent: Spend) -> dict[str, Json]:
        """A release back knows nothing of calls that nobody answered."""
        return spent.model_dump(mode="json", exclude={"unanswered"})


class Work(Kept):
    """What a run has in git and on GitHub so far; every field is written once or moves forward."""

    base_ref: str | None = None
    """Branch that the pull request will target."""
    base_sha: str | None = None
    branch: str | None = None
    start_sha: str | None = None
    """The empty start commit on `branch`."""
    tree: str | None = None
    """Tree of the newest attempt's work."""
    checkpoint: str | None = None
    """Commit with that tree, in the run's own object directory and in its bundle."""
    head_sha: str | None = None
    """The commit that publishing made: what `branch` is to be set to."""
    pushed: str | None = None
    """What `branch` is at on GitHub, as far as we set it."""
    title: str | None = None
    """Of the pull request, and of the commit that publishing makes."""
    titles: tuple[str, ...] = ()
    """Those that it had from us before: any other is a person's, and stays."""
    pull_request_url: str | None = None
    pull_request_note: str | None = None
    """What GitHub did otherwise than asked (`drafts are not supported here`)."""
    status_comment_id: int | None = None
    status_comment_url: str | None = None
    check_run_url: str | None = None
    """The page of the check run `Coppice`."""
    again: str | None = None
    """Key of the newest retry, so that the delivery that asked for it may be handled twice."""
    grant: Grant | None = None
    waits_for: str | None = None
    """What the model keeps us waiting for, in words of ours."""
    ending: Ending | None = None
    """Set while the last effects are applied, so that whoever sees the end sees all of it."""
    plan_hash: str | None = None
    """Of the plan or amendment that waits for an approval."""
    shown: Shown | None = None
    """Since when that can be read; what names no hash approves nothing that was not there yet."""
    ci: bool = False
    """Somebody with write access asked for the repository's CI."""
    note: str | None = None
    """Words of people for the next plan or round."""
    notes: tuple[Note, ...] = ()
    """What people wrote that no plan or round has taken in yet; their messages wait in the inbox,
    and are lost with the workflow that they were sent to."""
    overlap: Overlap | None = None
    gate: Gate | None = None
    round: Round | None = None
    """The round that is under way."""
    rounds: int = 0
    """Rounds since somebody asked for one."""
    rounds_made: int = 0
    """All rounds on the open pull request."""
    rounds_asked: int = 0
    """Those that people asked for."""
    compared: str | None = None
    """How the newest round changed the branch (`git range-diff`), until a review has said it."""
    reviews_seen: tuple[str, ...] = ()
    """Node ids of submitted reviews whose words were taken in."""
    reruns: tuple[int, ...] = ()
    """Check suites that were run once more, on the head as it is."""
    checks: tuple[str, ...] = ()
    """What the repository's CI says of the head, a line each (Markdown of ours)."""
    checks_awaited: str | None = None
    """The head that was given its time to have all that is required begin."""
    checks_tried: tuple[str, ...] = ()
    """Failing checks of the head that a round came to nothing about."""
    plan_comment_url: str | None = None
    notice: Notice | None = None
    ready: bool = False
    """The pull request was made ready for review."""
    labels: tuple[str, ...] = ()
    """Mirror labels that we put on the issue."""
    edited: str | None = None
    """Who changed the issue after the work had begun: it was not taken in."""
    needs: str | None = None
    """What a person has to do before anything goes on, in words of ours (Markdown)."""
    suspended_since: float | None = None
    """When GitHub first said that the installation is suspended."""
    place: int | None = None
    """In the queue, from 1."""
    wait_seconds: float | None = None
    """How long that will take, by what runs took lately."""
    visit: Visit | None = None
    """Set where the run is about a pull request that is not its own."""
    only_ci: bool = False
    """It lives again only to have CI run on what it mended there."""

    def read_by(self, at: str | None, *, surely: bool = False) -> bool:
        """Could somebody mean what waits for their word who said something at ``at``?"""
        if self.shown is None:  # it waits since an older release
            return not surely
        return self.shown.hash == self.plan_hash and self.shown.read_by(at, surely=surely)

    def with_note(self, text: str) -> str:
        """What people wrote to the run, the newest last; a step done again adds nothing twice."""
        known = self.note or ""
        if known == text or known.endswith(f"\n\n{text}"):
            return known
        return "\n\n".join(part for part in (known, text) if part)

    def gathered(self, text: str | None) -> str | None:
        """All that people wrote to the run, where it begins to work again."""
        work = self
        for each in (*(note.text for note in self.unheard), *([text] if text else [])):
            work = work.model_copy(update={"note": work.with_note(each)})
        return work.note

    @property
    def unheard(self) -> tuple[Note, ...]:
        """What no plan and no finished round has taken in."""
        made = self.rounds_made
        return tuple(each for each in self.notes if each.round is None or each.round > made)

    def heard(self, note: Note) -> bool:
        """Has an earlier round taken it in?"""
        waits = [each for each in self.notes if each.same(note)]
        return bool(waits) and not any(each.same(note) for each in self.unheard)

    def noted(self, note: Note) -> list[Json]:
        """What waits, with one more; a second telling adds nothing."""
        known = any(each.same(note) for each in self.notes)
        return _dumped(self.notes if known else (*self.notes, note))

    def without(self, note: Note) -> list[Json]:
        """What waits, without what was read now."""
        return _dumped(each for each in self.notes if not each.same(note))

    def taken_in(self, note: Note, texts: Collection[str]) -> list[Json]:
        """The same, where the round that begins takes in others of these words too."""
        begun, waits = {"round": self.rounds_made + 1}, self.unheard
        return _dumped(
            each.model_copy(update=begun) if each in waits and each.text in texts else each
            for each in self.notes
            if not each.same(note)
        )

    @property
    def overlaps(self) -> Overlap | None:
        """What somebody has to let the run go on beside."""
        return self.overlap if self.overlap is not None and not self.overlap.passed else None

    @property
    def patch_base(self) -> str | None:
        """What the work is shown against: of somebody's pull request what was there before us."""
        return self.visit.head_sha if self.visit is not None else self.base_sha

    @property
    def patch_merged(self) -> str | None:
        """What was merged into ``patch_base`` before: a patch of somebody's pull request holds
        how that is resolved, and not what it brought.
        """
        return self.round.base if self.visit is not None and self.round is not None else None

    @property
    def published(self) -> bool:
        """Has work of ours been pushed, not just the start commit?"""
        return self.pushed is not None and self.pushed != self.start_sha

    @property
    def idle_branch(self) -> bool:
        """Is the branch there with nothing on it but our start commit?"""
        return self.branch is not None and self.pushed is not None and not self.published

    @property
    def ground(self) -> str | None:
        """The commit that new work goes on top of: the base, later what is on the branch."""
        if self.round is not None and self.round.onto is not None:
            return self.round.onto
        return self.pushed if self.published else self.base_sha

    @property
    def parents(self) -> tuple[str, ...]:
        """What the commit that publishing makes grows out of."""
        merged = self.round.base if self.round else None
        if self.round is not None and self.round.rebase:
            return (merged,) if merged else ()
        on = self.pushed if self.published else self.base_sha
        return tuple(sha for sha in (on, merged) if sha is not None)


def _dumped(notes: Iterable[Note]) -> list[Json]:
    return [note.model_dump(mode="json") for note in notes]
