"""Review threads as the pages show them, and the forms of reviews."""

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.forge.numbers import whole
from bot.forge.pages.diff import Row, rows
from bot.forge.pages.issues import find, path_of
from bot.forge.pages.site import Route, Visit, back
from bot.forge.records import PullRequest, Review, ReviewThread
from bot.forge.state import node_id

SHOWN = 4
"""Rows of the hunk above a thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownThread:
    it: ReviewThread
    rows: tuple[Row, ...]
    """The end of its hunk."""
    replaced: tuple[str, ...]
    """The lines that a suggestion would take the place of."""

    @property
    def where(self) -> str:
        spot = self.it.spot or self.it.first
        if spot is None:
            return "the whole file"
        start = f"{spot.start_line}-" if spot.start_line else ""
        return f"line {start}{spot.line}" + (" (before)" if self.it.side == "LEFT" else "")


def show(thread: ReviewThread) -> ShownThread:
    found = tuple(row for row in rows(thread.diff_hunk) if row.kind != "note")
    first = thread.first
    many = 1 if first is None or first.start_line is None else first.line - first.start_line + 1
    right = [row.text for row in found if row.new is not None]
    replaced = tuple(right[-many:]) if first and thread.side == "RIGHT" else ()
    return ShownThread(it=thread, rows=found[-max(SHOWN, many) :], replaced=replaced)


def begun_by(review: Review) -> list[ShownThread]:
    """The threads whose first comment is part of a review."""
    return [show(t) for t in review.pull.threads if t.comments and t.comments[0].review is review]


def worth_showing(review: Review) -> bool:
    """A review that only answers threads is seen there."""
    answers_only = review.state == "COMMENTED" and not review.body and review.comments
    return review.state != "PENDING" and not (answers_only and not begun_by(review))


async def submit(visit: Visit) -> web.StreamResponse:
    pull = _pull(visit)
    body = {"event": await visit.form("event"), "body": await visit.form("body")}
    made = await visit.call("POST", f"{_api(pull)}/reviews", body)
    return back(f"{path_of(pull.issue)}#pullrequestreview-{made['id']}")


async def begin(visit: Visit) -> web.StreamResponse:
    """Comment on one line of the diff, or several."""
    pull = _pull(visit)
    line, start = whole(await visit.form("line")), whole(await visit.form("start_line"))
    body: dict[str, Any] = {
        "commit_id": pull.head_sha,
        "path": await visit.form("path"),
        "side": await visit.form("side") or "RIGHT",
        "body": await visit.form("body"),
    }
    body |= {"subject_type": "file"} if line is None else {"line": line}
    body |= {} if start is None else {"start_line": start}
    made = await visit.call("POST", f"{_api(pull)}/comments", body)
    return back(f"{path_of(pull.issue)}#discussion_r{made['id']}")


async def reply(visit: Visit) -> web.StreamResponse:
    thread = _thread(visit)
    path = f"{_api(thread.pull)}/comments/{thread.comments[0].id}/replies"
    made = await visit.call("POST", path, {"body": await visit.form("body")})
    return back(f"{path_of(thread.pull.issue)}#discussion_r{made['id']}")


RESOLVE = "mutation($id: ID!) {{ {name}(input: {{threadId: $id}}) {{ thread {{ id }} }} }}"


async def resolve(visit: Visit) -> web.StreamResponse:
    """Resolve a thread or open it again; GitHub offers it by GraphQL only."""
    thread = _thread(visit)
    name = "unresolveReviewThread" if thread.resolved_by else "resolveReviewThread"
    id = node_id("PullRequestReviewThread", thread.id)
    await visit.ask(RESOLVE.format(name=name), id=id)
    return back(f"{path_of(thread.pull.issue)}#thread-{thread.id}")


def _pull(visit: Visit) -> PullRequest:
    issue = find(visit.repository(), visit.number())
    if issue.pull is None:
        raise web.HTTPNotFound(text="There is no such pull request.")
    return issue.pull


def _thread(visit: Visit) -> ReviewThread:
    wanted = int(visit.request.match_info["thread"])
    for thread in _pull(visit).threads:
        if thread.id == wanted and thread.comments[0].review.state != "PENDING":
            return thread
    raise web.HTTPNotFound(text="There is no such thread.")


def _api(pull: PullRequest) -> str:
    return f"/repos/{pull.issue.repository.full_name}/pulls/{pull.number}"


ONE = r"/{owner}/{name}/pull/{number:\d{1,9}}"
THREAD = ONE + r"/threads/{thread:\d{1,18}}"
ROUTES: tuple[Route, ...] = (
    ("POST", f"{ONE}/reviews", submit),
    ("POST", f"{ONE}/threads", begin),
    ("POST", f"{THREAD}/replies", reply),
    ("POST", f"{THREAD}/resolve", resolve),
)
