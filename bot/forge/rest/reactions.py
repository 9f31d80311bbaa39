"""Reactions on issues, comments and review comments; they cause no events."""

from collections.abc import Callable

from bot.forge.answers import Answer, Refusal, created, not_found, nothing, ok
from bot.forge.records import Issue, Reaction
from bot.forge.rest import comments, review_comments
from bot.forge.rest.call import Call, Routes
from bot.forge.shapes import people

routes = Routes()
READ = "issues:read pull_requests:read"
WRITE = "issues:write pull_requests:write"
Reacted = tuple[Issue, list[Reaction]]
"""The conversation, and what was given to one thing in it."""
Find = Callable[[Call], Reacted]


def of_issue(call: Call) -> Reacted:
    return call.issue(), call.issue().reactions


def of_comment(call: Call) -> Reacted:
    found = comments.find(call)
    return found.issue, found.reactions


def of_review_comment(call: Call) -> Reacted:
    found = review_comments.find(call)
    return found.pull.issue, found.reactions


def declare(path: str, find: Find, read: str, write: str) -> None:
    """Declare the three operations on the reactions of one kind of thing."""

    @routes.repository(f"GET {path}/reactions", needs=read)
    async def list_reactions(call: Call) -> Answer:
        content = call.query.get("content")
        found = [r for r in find(call)[1] if content in (None, r.content)]
        return call.page(found, lambda reaction: people.reaction(call.state, reaction))

    @routes.repository(f"POST {path}/reactions", needs=write)
    async def create_reaction(call: Call) -> Answer:
        issue, given = find(call)
        if issue.locked:  # for everybody: GitHawkApp/GitHawk#2297, github/gh-aw#15966
            raise Refusal(403, "Unable to create reaction because issue is locked.")
        return react(call, given)

    @routes.repository(f"DELETE {path}/reactions/{{reaction_id}}", needs=write)
    async def delete_reaction(call: Call) -> Answer:
        return take_back(call, find(call)[1])


def react(call: Call, given: list[Reaction]) -> Answer:
    """Answer 201 for a new reaction, 200 for one that is there already."""
    who, content = call.user, str(call.body["content"])
    for reaction in given:
        if reaction.user is who and reaction.content == content:
            return ok(people.reaction(call.state, reaction))
    made = Reaction(id=call.state.new_id(), user=who, content=content, created_at=call.state.now())
    given.append(made)
    return created(people.reaction(call.state, made))


def take_back(call: Call, given: list[Reaction]) -> Answer:
    """Only one's own."""
    wanted = call.number("reaction_id")
    for reaction in given:
        if reaction.id == wanted and reaction.user is call.user:
            given.remove(reaction)
            return nothing()
    raise not_found()


declare("/issues/{issue_number}", of_issue, READ, WRITE)
declare("/issues/comments/{comment_id}", of_comment, READ, WRITE)
declare(
    "/pulls/comments/{comment_id}", of_review_comment, "pull_requests:read", "pull_requests:write"
)
