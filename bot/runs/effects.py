"""Effects: one typed write to GitHub each, and what it came to."""

from typing import Annotated, Literal

from pydantic import Field

from bot.runs.record import Record


class React(Record):
    kind: Literal["react"] = "react"
    issue: int
    comment_id: int | None = None
    """None: on the issue itself."""
    content: Literal["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"]


class Comment(Record):
    """Our one comment for ``purpose`` on an issue: created when absent, else edited to `body`."""

    kind: Literal["comment"] = "comment"
    issue: int
    purpose: str
    """`status`, `refusal-{user id}`, `answer-{comment id}`, …: with the run the natural key."""
    body: str
    """Without the marker; the client adds it."""
    progress: bool = False
    """May be left out when edits come too fast; the next one catches up."""


class Button(Record):
    label: Annotated[str, Field(max_length=20)]
    description: Annotated[str, Field(max_length=40)]
    identifier: Annotated[str, Field(max_length=20)]


class CheckRun(Record):
    """A check run on ``sha``, found again by name and ``external_id``."""

    kind: Literal["check_run"] = "check_run"
    name: str
    sha: str
    external_id: str
    """`run/stage-n/sha`."""
    status: Literal["queued", "in_progress", "completed"]
    conclusion: (
        Literal["success", "failure", "neutral", "cancelled", "action_required", "timed_out"] | None
    ) = None
    title: str
    summary: str
    text: str | None = None
    buttons: tuple[Button, ...] = ()
    progress: bool = False


class Push(Record):
    """Set ``branch`` to ``sha``; refused when it is neither there nor at ``expected``."""

    kind: Literal["push"] = "push"
    branch: str
    sha: str
    expected: str | None
    """What the branch must be at before (None: absent)."""
    force: bool = False
    """Replace instead of growing (`--force-with-lease`)."""


class PullRequest(Record):
    """Our pull request of ``head``: opened when absent, else title and our body part edited."""

    kind: Literal["pull_request"] = "pull_request"
    head: str
    base: str
    title: str
    body: str
    draft: bool = True


class DeleteBranch(Record):
    kind: Literal["delete_branch"] = "delete_branch"
    branch: str
    expected: str
    """Only while it is at this commit."""


Effect = Annotated[
    React | Comment | CheckRun | Push | PullRequest | DeleteBranch, Field(discriminator="kind")
]


class Applied(Record):
    """What an effect came to on GitHub."""

    id: int | None = None
    number: int | None = None
    url: str | None = None
    """The page that people open."""
    sha: str | None = None
    draft: bool | None = None
    wrote: bool
    """False: it was there already."""
    note: str | None = None
    """What a reader should know (`drafts are not supported here`)."""
