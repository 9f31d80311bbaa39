"""Read a pull request's reviews and review threads (GraphQL: REST does not know threads)."""

from collections.abc import Mapping
from typing import Any

from bot.github import queries
from bot.github.answers import Refusal
from bot.github.client import Client
from bot.runs import Record, RepositoryRef


class Writer(Record):
    """Who wrote something."""

    id: int | None
    """None: a deleted account."""
    login: str
    bot: bool


class ThreadComment(Record):
    id: int
    author: Writer
    body: str
    at: str
    review: str
    """Node id of the review that it belongs to."""
    pending: bool


class ReviewThread(Record):
    """A conversation at lines of the diff, its comments oldest first."""

    id: str
    """Node id."""
    path: str
    line: int | None
    """Last line; None where it is outdated or of the whole file."""
    start_line: int | None
    original_line: int | None
    side: str
    resolved: bool
    outdated: bool
    hunk: str
    comments: tuple[ThreadComment, ...]


class SubmittedReview(Record):
    id: str
    """Node id."""
    number: int | None
    author: Writer
    body: str
    state: str
    mine: bool


class Conversation(Record):
    """What only GraphQL says of a pull request."""

    id: str
    """Node id."""
    draft: bool
    open: bool
    reviews: tuple[SubmittedReview, ...]


async def threads(client: Client, ref: RepositoryRef, number: int) -> list[ReviewThread]:
    """List all review threads of a pull request, resolved ones too."""
    found: list[ReviewThread] = []
    after: str | None = None
    while True:
        pull = await _pull(client, queries.THREADS, ref, number, after=after)
        page = pull["reviewThreads"]
        found += [_thread(node) for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


async def conversation(client: Client, ref: RepositoryRef, number: int) -> Conversation:
    """Read the newest 100 reviews, our pending one too; raises Refusal where it is gone."""
    pull = await _pull(client, queries.PULL_REQUEST, ref, number)
    return Conversation(
        id=pull["id"],
        draft=pull["isDraft"],
        open=pull["state"] == "OPEN",
        reviews=tuple(
            SubmittedReview(
                id=node["id"],
                number=node["databaseId"],
                author=_writer(node["author"]),
                body=node["body"],
                state=node["state"],
                mine=node["viewerDidAuthor"],
            )
            for node in pull["reviews"]["nodes"]
        ),
    )


async def _pull(
    client: Client, document: str, ref: RepositoryRef, number: int, **more: Any
) -> Mapping[str, Any]:
    owner, _, name = ref.full_name.partition("/")
    data = await client.graphql(document, owner=owner, name=name, number=number, **more)
    found: Mapping[str, Any] | None = (data["repository"] or {}).get("pullRequest")
    if found is None:
        raise Refusal("gone", f"there is no pull request #{number}", status=404)
    return found


def _thread(node: Mapping[str, Any]) -> ReviewThread:
    comments = node["comments"]["nodes"]
    return ReviewThread(
        id=node["id"],
        path=node["path"],
        line=node["line"],
        start_line=node["startLine"],
        original_line=node["originalLine"],
        side=node["diffSide"],
        resolved=node["isResolved"],
        outdated=node["isOutdated"],
        hunk=comments[0]["diffHunk"] if comments else "",
        comments=tuple(
            ThreadComment(
                id=comment["databaseId"],
                author=_writer(comment["author"]),
                body=comment["body"],
                at=comment["createdAt"],
                review=(comment["pullRequestReview"] or {}).get("id", ""),
                pending=comment["state"] == "PENDING",
            )
            for comment in comments
        ),
    )


def _writer(actor: Mapping[str, Any] | None) -> Writer:
    if actor is None:
        return Writer(id=None, login="ghost", bot=False)
    return Writer(
        id=actor.get("databaseId"), login=actor["login"], bot=actor["__typename"] == "Bot"
    )
