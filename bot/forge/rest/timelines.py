"""What happened to an issue or pull request: its timeline, and its events alone."""

from bot.forge.answers import Answer
from bot.forge.git import ObjectMissing, commits_between
from bot.forge.records import Issue, Json
from bot.forge.rest.call import Call, Routes
from bot.forge.shapes import timelines

routes = Routes()
READ = "issues:read pull_requests:read"
Line = tuple[str, int, Json]


@routes.repository("GET /issues/{issue_number}/timeline", needs=READ)
async def list_timeline(call: Call) -> Answer:
    issue, state = call.issue(), call.state
    lines: list[Line] = [
        (comment.created_at, comment.id, timelines.comment(state, comment))
        for comment in issue.comments
    ]
    lines += [(e.created_at, e.id, timelines.event(state, issue, e)) for e in issue.events]
    lines += _reviews(call, issue)
    first = await _commits(call, issue)
    ordered = [line[2] for line in sorted(lines, key=lambda line: line[:2])]
    return call.page([*first, *ordered], lambda shape: shape)


def _reviews(call: Call, issue: Issue) -> list[Line]:
    reviews = issue.pull.reviews if issue.pull else []
    return [
        (review.submitted_at, review.id, timelines.review(call.state, review))
        for review in reviews
        if review.submitted_at
    ]


async def _commits(call: Call, issue: Issue) -> list[Json]:
    """GitHub puts commits where they were pushed; here they come first."""
    if issue.pull is None:
        return []
    path, pull = call.repository.path, issue.pull
    try:
        found = await commits_between(path, pull.base_sha, pull.head_sha)
    except ObjectMissing:
        return []
    return [timelines.commit(call.state, call.repository, commit) for commit in found]


@routes.repository("GET /issues/{issue_number}/events", needs=READ)
async def list_events(call: Call) -> Answer:
    """Without comments, reviews, commits and mentions elsewhere."""
    issue = call.issue()
    found = [event for event in issue.events if event.source is None]
    return call.page(found, lambda event: timelines.event(call.state, issue, event))
