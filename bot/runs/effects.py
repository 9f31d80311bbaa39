"""Effects: one typed write to GitHub each, and what it came to."""

from typing import Annotated, Literal

from pydantic import Field

from bot.runs.record import Kept, Record


class React(Record):
    kind: Literal["react"] = "react"
    issue: int
    comment_id: int | None = None
    """None: on the issue itself."""
    on_lines: bool = False
    """It is a comment on lines of a pull request."""
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
    once: bool = False
    """Stays as it is where it is there already, whatever it says."""


class Button(Record):
    label: Annotated[str, Field(max_length=20)]
    description: Annotated[str, Field(max_length=40)]
    identifier: Annotated[str, Field(max_length=20)]


class Annotation(Record):
    """A remark at lines of a file, shown in the diff."""

    path: str
    start_line: int
    end_line: int
    level: Literal["notice", "warning", "failure"]
    message: str
    title: str | None = None


Conclusion = Literal[
    "success", "failure", "neutral", "cancelled", "action_required", "timed_out", "skipped"
]
"""Of a check run, as GitHub means them; `neutral` where nothing was configured."""


class CheckRun(Record):
    """A check run on ``sha``, found again by name and ``external_id``."""

    kind: Literal["check_run"] = "check_run"
    name: str
    sha: str
    external_id: str
    """`run/stage-n/sha`."""
    status: Literal["queued", "in_progress", "completed"]
    conclusion: Conclusion | None = None
    title: str
    summary: str
    text: str | None = None
    buttons: Annotated[tuple[Button, ...], Field(max_length=3)] = ()
    annotations: Annotated[tuple[Annotation, ...], Field(max_length=50)] = ()
    """GitHub takes 50 at a time; further ones are effects of their own, with the next `batch`."""
    batch: int = 0
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


class Grow(Record):
    """Somebody's branch, grown by commits of ours on top of what is there; never replaced."""

    kind: Literal["grow"] = "grow"
    branch: str
    sha: str
    expected: str
    """The commit that the branch is at, out of which ``sha`` grows."""


class PullRequest(Record):
    """Our pull request of ``head``: opened when absent, else title and our body part edited."""

    kind: Literal["pull_request"] = "pull_request"
    head: str
    base: str
    title: str
    replaces: tuple[str, ...] = ()
    """Titles of ours that this one takes the place of; any other is a person's, and stays."""
    body: str
    above: str = ""
    """What stands above our part when it is opened (the repository's template); then people's."""
    below: str = ""
    draft: bool = True


class DeleteBranch(Record):
    kind: Literal["delete_branch"] = "delete_branch"
    branch: str
    expected: str
    """Only while it is at this commit."""


class DefineLabel(Record):
    """A label of the repository: made when there is none; what people made of it stays."""

    kind: Literal["define_label"] = "define_label"
    name: str
    color: Annotated[str, Field(pattern=r"^[0-9a-f]{6}$")]
    description: Annotated[str, Field(max_length=100)]


class Label(Record):
    """A label put on an issue or pull request, or taken off."""

    kind: Literal["label"] = "label"
    issue: int
    name: str
    on: bool


class Reply(Record):
    """What a review says in a thread that is there."""

    thread: str
    """Node id."""
    body: str


class LineComment(Record):
    """A new thread of a review, on lines of the diff."""

    path: str
    line: int
    start_line: int | None = None
    side: Literal["LEFT", "RIGHT"] = "RIGHT"
    body: str


class DraftReview(Record):
    """Our pending review of a pull request, which nobody sees before it is submitted."""

    kind: Literal["draft_review"] = "draft_review"
    pull_request: int
    sha: str
    comments: tuple[LineComment, ...] = ()


class Review(Record):
    """One review that answers threads: our pending one, filled and submitted. Never an approval."""

    kind: Literal["review"] = "review"
    pull_request: int
    sha: str
    purpose: str
    """`round-2`: with the run the natural key."""
    body: str
    replies: tuple[Reply, ...] = ()
    submit: bool = True
    """False: the pending review is filled only; the last of several submits it."""


class PostReview(Record):
    """A whole review with remarks at lines of the diff, shown at once. Never an approval."""

    kind: Literal["post_review"] = "post_review"
    pull_request: int
    sha: str
    purpose: str
    """`review-2`: with the run the natural key."""
    body: str
    comments: Annotated[tuple[LineComment, ...], Field(max_length=100)] = ()


class ResolveThread(Record):
    """A review thread marked as resolved."""

    kind: Literal["resolve_thread"] = "resolve_thread"
    thread: str
    """Node id."""


class Minimise(Record):
    """A comment of ours folded away, because a newer one says more."""

    kind: Literal["minimise"] = "minimise"
    node: str
    why: Literal["OUTDATED", "RESOLVED"] = "OUTDATED"


class RequestReview(Record):
    """A person asked to review the pull request."""

    kind: Literal["request_review"] = "request_review"
    pull_request: int
    login: str


class Ready(Record):
    """A draft made ready for review."""

    kind: Literal["ready"] = "ready"
    pull_request: int


class ClosePullRequest(Record):
    """Our own pull request closed, unmerged."""

    kind: Literal["close_pull_request"] = "close_pull_request"
    number: int


class Rerun(Record):
    """The checks of a suite run once more on the same commit."""

    kind: Literal["rerun"] = "rerun"
    suite: int
    sha: str


Effect = Annotated[
    React
    | Comment
    | CheckRun
    | Push
    | Grow
    | PullRequest
    | DeleteBranch
    | DefineLabel
    | Label
    | DraftReview
    | Review
    | PostReview
    | ResolveThread
    | Minimise
    | RequestReview
    | Ready
    | ClosePullRequest
    | Rerun,
    Field(discriminator="kind"),
]


class Applied(Kept):
    """What an effect came to on GitHub."""

    id: int | None = None
    node: str | None = None
    """Node id, for GraphQL."""
    number: int | None = None
    url: str | None = None
    """The page that people open."""
    at: str | None = None
    """Of a comment: ISO 8601, when it was changed last, by GitHub's clock."""
    sha: str | None = None
    draft: bool | None = None
    open: bool = False
    """Of a check run: it is not completed yet."""
    wrote: bool
    """False: it was there already."""
    left_out: bool = False
    """Progress that was not written, because it came too soon or the budget is for results."""
    note: str | None = None
    """What a reader should know (`drafts are not supported here`)."""
