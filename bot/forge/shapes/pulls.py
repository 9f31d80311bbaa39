"""Pull requests, reviews and review comments."""

from bot.forge import mergeability
from bot.forge.records import Json, PullRequest, Repository, Review, ReviewComment, ReviewThread
from bot.forge.shapes import issues, people, repositories
from bot.forge.state import State, node_id


def url(state: State, it: PullRequest) -> str:
    return f"{repositories.url(state, it.issue.repository)}/pulls/{it.number}"


def simple(state: State, it: PullRequest) -> Json:
    """The form in lists and in events of reviews."""
    issue, repository = it.issue, it.issue.repository
    own, html, of_issue = url(state, it), issues.page(state, issue), issues.url(state, issue)
    repository_url = repositories.url(state, repository)
    addresses = {
        "commits_url": f"{own}/commits",
        "review_comments_url": f"{own}/comments",
        "review_comment_url": f"{repository_url}/pulls/comments{{/number}}",
        "comments_url": f"{of_issue}/comments",
        "statuses_url": f"{repository_url}/statuses/{it.head_sha}",
    }
    return {
        "url": own,
        "id": it.id,
        "node_id": node_id("PullRequest", it.id),
        "html_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "issue_url": of_issue,
        **issues.conversation(state, issue),
        "user": people.user(state, issue.user or people.GHOST),
        "merged_at": it.merged_at,
        "merge_commit_sha": it.merge_commit_sha,
        "requested_reviewers": [people.user(state, who) for who in it.requested_reviewers],
        "requested_teams": [],
        "draft": it.draft,
        "head": end(state, it.head_repository, it.head_ref, it.head_sha),
        "base": end(state, repository, it.base_ref, it.base_sha),
        **addresses,
        "_links": {
            "self": {"href": own},
            "html": {"href": html},
            "issue": {"href": of_issue},
            **{key.removesuffix("_url"): {"href": to} for key, to in addresses.items()},
        },
        "auto_merge": None,
    }


def end(state: State, repository: Repository | None, ref: str, sha: str) -> Json:
    """One end of a pull request; ``repository`` None: the fork is gone."""
    owner = repository.owner if repository else None
    return {
        "label": f"{owner.login if owner else 'unknown'}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": people.user(state, owner or people.GHOST),
        "repo": repositories.repository(state, repository) if repository else None,
    }


def full(state: State, it: PullRequest, size: Json) -> Json:
    """The whole form; ``size`` has commits, additions, deletions, changed_files."""
    known = mergeability.known(it)
    return {
        **simple(state, it),
        "merged": it.merged,
        "mergeable": known,
        "rebaseable": known,
        "mergeable_state": mergeability.state_of(it),
        "merged_by": people.maybe(state, it.merged_by),
        "comments": len(it.issue.comments),
        "review_comments": len(it.review_comments),
        "maintainer_can_modify": it.maintainer_can_modify,
        **size,
    }


def minimal(state: State, it: PullRequest) -> Json:
    """The form in check runs and suites."""
    head = it.head_repository or it.issue.repository
    return {
        "url": url(state, it),
        "id": it.id,
        "number": it.number,
        "head": {
            "ref": it.head_ref,
            "sha": it.head_sha,
            "repo": repositories.reference(state, head),
        },
        "base": {
            "ref": it.base_ref,
            "sha": it.base_sha,
            "repo": repositories.reference(state, it.issue.repository),
        },
    }


def review(state: State, it: Review) -> Json:
    html = f"{issues.page(state, it.pull.issue)}#pullrequestreview-{it.id}"
    pull = url(state, it.pull)
    shape = {
        "id": it.id,
        "node_id": node_id("PullRequestReview", it.id),
        "user": people.maybe(state, it.user),
        "body": it.body,
        "state": it.state,
        "html_url": html,
        "pull_request_url": pull,
        "author_association": repositories.association(state, it.pull.issue.repository, it.user),
        "_links": {"html": {"href": html}, "pull_request": {"href": pull}},
        "commit_id": it.commit_id,
    }
    if it.submitted_at:
        shape["submitted_at"] = it.submitted_at
    return shape


def comment(state: State, it: ReviewComment) -> Json:
    """A comment with its lines; `line` and `position` are null where it is outdated."""
    thread = it.thread
    first, spot = thread.first, thread.spot
    return {
        **_written(state, it),
        "position": spot.position if spot else 1 if thread.of_file else None,
        "original_position": first.position if first else 1,
        "commit_id": spot.commit_id if spot else thread.commit_id,
        "original_commit_id": thread.commit_id,
        "line": spot.line if spot else None,
        "original_line": first.line if first else None,
        "start_line": spot.start_line if spot else None,
        "original_start_line": first.start_line if first else None,
        "start_side": thread.start_side,
        "side": thread.side,
        "subject_type": "file" if thread.of_file else "line",
        "reactions": people.reactions(_own(state, it), it.reactions),
    }


def _own(state: State, it: ReviewComment) -> str:
    return f"{repositories.url(state, it.pull.issue.repository)}/pulls/comments/{it.id}"


def _written(state: State, it: ReviewComment) -> Json:
    own, pull = _own(state, it), url(state, it.pull)
    html = f"{issues.page(state, it.pull.issue)}#discussion_r{it.id}"
    shape = {
        "url": own,
        "pull_request_review_id": it.review.id,
        "id": it.id,
        "node_id": node_id("PullRequestReviewComment", it.id),
        "diff_hunk": it.thread.diff_hunk,
        "path": it.thread.path,
        "user": people.maybe(state, it.user),
        "body": it.body,
        "created_at": it.created_at,
        "updated_at": it.updated_at,
        "html_url": html,
        "pull_request_url": pull,
        "author_association": repositories.association(state, it.pull.issue.repository, it.user),
        "_links": {
            "self": {"href": own},
            "html": {"href": html},
            "pull_request": {"href": pull},
        },
    }
    return {**shape, "in_reply_to_id": it.in_reply_to} if it.in_reply_to else shape


def thread(state: State, it: ReviewThread) -> Json:
    """The form in events: its comments, and the id that GraphQL knows it by."""
    return {
        "node_id": node_id("PullRequestReviewThread", it.id),
        "comments": [comment(state, one) for one in it.comments],
    }
