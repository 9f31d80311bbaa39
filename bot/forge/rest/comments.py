"""Comments on issues and pull requests."""

from bot.forge.actors import require_unlocked
from bot.forge.answers import Answer, Refusal, created, invalid, not_found, nothing, ok
from bot.forge.records import Comment, Json, Role
from bot.forge.references import note_mentions
from bot.forge.rest.call import Call, Routes, check_length
from bot.forge.shapes import issues

routes = Routes()
READ = "issues:read pull_requests:read"
WRITE = "issues:write pull_requests:write"


@routes.repository("GET /issues/{issue_number}/comments", needs=READ)
async def list_comments(call: Call) -> Answer:
    since = call.query.get("since", "")
    found = [comment for comment in call.issue().comments if comment.updated_at >= since]
    return call.page(found, lambda comment: issues.comment(call.state, comment))


@routes.repository("GET /issues/comments", needs=READ)
async def list_all_comments(call: Call) -> Answer:
    since = call.query.get("since", "")
    found = [
        comment
        for issue in call.repository.issues.values()
        for comment in issue.comments
        if comment.updated_at >= since
    ]
    descending = call.query.get("direction") == "desc"
    found.sort(key=lambda comment: comment.id, reverse=descending)
    return call.page(found, lambda comment: issues.comment(call.state, comment))


@routes.repository("POST /issues/{issue_number}/comments", needs=WRITE)
async def create_comment(call: Call) -> Answer:
    issue, body = call.issue(), check_body(call)
    require_unlocked(call.state, call.actor, issue)
    comment = call.state.add_comment(issue, call.user, body, app=call.app)
    tell(call, "created", comment)
    note_mentions(call.forge, call.actor, issue, body)
    return created(issues.comment(call.state, comment))


@routes.repository("GET /issues/comments/{comment_id}", needs=READ)
async def get_comment(call: Call) -> Answer:
    return ok(issues.comment(call.state, find(call)))


@routes.repository("PATCH /issues/comments/{comment_id}", needs=WRITE)
async def update_comment(call: Call) -> Answer:
    """Anybody with write access may edit another's comment: the sender is not its author then."""
    comment = check_author(call, find(call))
    before, comment.body = comment.body, check_body(call)
    comment.updated_at = call.state.now()
    if before != comment.body:
        tell(call, "edited", comment, changes={"body": {"from": before}})
    return ok(issues.comment(call.state, comment))


@routes.repository("DELETE /issues/comments/{comment_id}", needs=WRITE)
async def delete_comment(call: Call) -> Answer:
    comment = check_author(call, find(call))
    comment.issue.comments.remove(comment)
    del call.state.comments[comment.id]
    tell(call, "deleted", comment)
    return nothing()


def find(call: Call) -> Comment:
    comment = call.state.comments.get(call.number("comment_id"))
    if comment is None or comment.issue.repository is not call.repository:
        raise not_found()
    return comment


def check_author(call: Call, comment: Comment) -> Comment:
    if comment.user is not call.user and not call.may(Role.WRITE, "issues:write"):
        raise Refusal(403, "Must have admin rights to Repository.")
    return comment


def check_body(call: Call) -> str:
    body = str(call.body["body"])
    check_length("IssueComment", body)
    if not body.strip():
        raise invalid("IssueComment", "unprocessable", "data", "Body cannot be blank")
    return body


def tell(call: Call, action: str, comment: Comment, **more: Json) -> None:
    body = {
        "issue": issues.issue(call.state, comment.issue),
        "comment": issues.comment(call.state, comment),
        **more,
    }
    call.forge.events.emit(f"issue_comment.{action}", call.repository, call.user, body)
