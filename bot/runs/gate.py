"""What people have to let a run do: its plan, more than its plan, work beside somebody else's."""

from bot.runs.record import Kept
from bot.runs.trigger import Person


class Shown(Kept):
    """Since when people can read what waits for their word."""

    hash: str
    """Of the plan, amendment or overlap."""
    at: str
    """ISO 8601, UTC, in whole seconds: when GitHub had it on the page."""
    instead: bool = False
    """Until then another one stood there and waited."""

    def read_by(self, at: str | None, *, surely: bool = False) -> bool:
        """Could somebody mean it who said something at ``at``, and not what stood there before?

        ``surely``: they have to have had it before them, by whole seconds, as GitHub's clock goes.
        """
        if not surely and not self.instead:
            return True  # there was nothing else to mean
        same = at == self.at and not (self.instead and surely)
        return at is not None and (at > self.at or same)


class Approval(Kept):
    """Somebody let a plan, or an amendment of it, go ahead."""

    by: Person
    hash: str
    base_sha: str
    """The commit that the plan stood on."""
    at: float


class Amendment(Kept):
    """What the work needs beside the approved plan: files, in one line, to be approved."""

    hash: str
    paths: tuple[str, ...]
    gone: tuple[str, ...] = ()
    """Those of them of which nothing is left."""
    asked_at: float


class Gate(Kept):
    """Where the approval of a plan stands. It binds plan, commit, and each person's permission."""

    hash: str
    """Of the plan that is shown."""
    base_sha: str
    """The commit that it stands on."""
    anew: str | None = None
    """What is approved in the place of ``hash`` once the base moved in the plan's files: a hash of
    both, so that whoever read the plan before that approves nothing."""
    reasons: tuple[str, ...] = ()
    """Why it waits (`touches dependencies`); empty: it need not."""
    asked_at: float
    approvals: tuple[Approval, ...] = ()
    planned: tuple[Approval, ...] = ()
    """Those of the plan itself, once files beside it were asked for."""
    void: tuple[Approval, ...] = ()
    """Those that count no more, and why not: ``changed``."""
    changed: str | None = None
    """What changed since it was asked for or approved, in words of ours (Markdown)."""
    refused: str | None = None
    """Why the newest approval does not count, in words of ours (Markdown)."""
    edit: str | None = None
    """The difference that an edit of the issue made, as a patch."""
    passed: bool = False
    """The work may begin: not needed, or approved."""
    amendment: Amendment | None = None
    """What waits now."""
    amended: tuple[str, ...] = ()
    """Paths beside the plan that were approved."""
    amended_gone: tuple[str, ...] = ()
    """Those of them of which it was approved that nothing is left; of the others, a change."""

    @property
    def asks(self) -> str:
        """The hash that is shown, and that an approval has to be for."""
        return self.amendment.hash if self.amendment else self.anew or self.hash

    @property
    def people(self) -> tuple[str, ...]:
        """The logins of those who let it go ahead, each once."""
        given = (*self.planned, *self.approvals)
        return tuple(dict.fromkeys(approval.by.login for approval in given))


class Rival(Kept):
    """Somebody else's open pull request about the same."""

    number: int
    author: str
    """Login."""


class Overlap(Kept):
    """Others that close the same issue, and whether somebody let the run go on beside them."""

    hash: str
    """Of their numbers: what an approval binds to."""
    rivals: tuple[Rival, ...]
    asked_at: float
    passed: bool = False
    by: str | None = None
