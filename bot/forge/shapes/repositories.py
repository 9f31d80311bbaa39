"""Repositories: GitHub's minimal and full forms, and the ones in events."""

from datetime import datetime

from bot.forge.records import Json, Repository, Role, User
from bot.forge.shapes import people
from bot.forge.state import State, node_id

LINKS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}

SAME_FOR_ALL = {
    "homepage": None,
    "size": 1,
    "stargazers_count": 0,
    "watchers": 0,
    "watchers_count": 0,
    "language": None,
    "has_issues": True,
    "has_projects": False,
    "has_downloads": True,
    "has_wiki": False,
    "has_pages": False,
    "has_discussions": False,
    "mirror_url": None,
    "disabled": False,
    "license": None,
    "allow_forking": True,
    "is_template": False,
    "web_commit_signoff_required": False,
    "topics": (),
}
"""What GitHub tells of a repository and the forge has no way to change."""


def url(state: State, it: Repository) -> str:
    return f"{state.api_url}/repos/{it.full_name}"


def page(state: State, it: Repository) -> str:
    return f"{state.html_url}/{it.full_name}"


def simple(state: State, it: Repository) -> Json:
    """What every form has."""
    own = url(state, it)
    return {
        "id": it.id,
        "node_id": node_id("Repository", it.id),
        "name": it.name,
        "full_name": it.full_name,
        "private": it.private,
        "owner": people.user(state, it.owner),
        "html_url": page(state, it),
        "description": it.description,
        "fork": it.parent is not None,
        "url": own,
        **{key: own + rest for key, rest in LINKS.items()},
    }


def repository(state: State, it: Repository) -> Json:
    """The form in lists, pull requests and events."""
    html = page(state, it)
    host = state.html_url.partition("://")[2]
    forks = sum(1 for other in state.repositories.values() if other.parent is it)
    opened = sum(1 for issue in it.issues.values() if issue.state == "open")
    return {
        **simple(state, it),
        "created_at": it.created_at,
        "updated_at": it.updated_at,
        "pushed_at": it.pushed_at,
        "git_url": f"git://{host}/{it.full_name}.git",
        "ssh_url": f"git@{host.partition(':')[0]}:{it.full_name}.git",
        "clone_url": f"{html}.git",
        "svn_url": html,
        **SAME_FOR_ALL,
        "archived": it.archived,
        "visibility": "private" if it.private else "public",
        "forks": forks,
        "forks_count": forks,
        "open_issues": opened,
        "open_issues_count": opened,
        "default_branch": it.default_branch,
    }


def full(state: State, it: Repository, viewer: User | None) -> Json:
    """The answer of `GET /repos/{owner}/{repo}`."""
    shape = {
        **repository(state, it),
        "temp_clone_token": None,
        "allow_squash_merge": True,
        "allow_merge_commit": True,
        "allow_rebase_merge": True,
        "allow_auto_merge": False,
        "delete_branch_on_merge": False,
        "allow_update_branch": False,
        "custom_properties": {},
        "network_count": 0,
        "subscribers_count": 0,
    }
    if viewer:
        shape["permissions"] = permissions(state.role(it, viewer))
    if it.owner.type == "Organization":
        shape["organization"] = people.user(state, it.owner)
    if it.parent:
        shape["parent"] = shape["source"] = repository(state, it.parent)
    return shape


def permissions(role: Role) -> dict[str, bool]:
    return {
        "admin": role.at_least(Role.ADMIN),
        "maintain": role.at_least(Role.MAINTAIN),
        "push": role.at_least(Role.WRITE),
        "triage": role.at_least(Role.TRIAGE),
        "pull": role.at_least(Role.READ),
    }


def epoch(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp())


def pushed(state: State, it: Repository) -> Json:
    """The form in `push` events, which has times as numbers and its page as `url`."""
    shape = repository(state, it)
    owner = {**shape["owner"], "name": it.owner.login, "email": it.owner.email}
    return {
        **shape,
        "owner": owner,
        "url": page(state, it),
        "created_at": epoch(it.created_at),
        "pushed_at": epoch(it.pushed_at),
        "stargazers": 0,
        "master_branch": it.default_branch,
    }


def reference(state: State, it: Repository) -> Json:
    """The form in a check run's pull requests."""
    return {"id": it.id, "url": url(state, it), "name": it.name}


def brief(it: Repository) -> Json:
    """The form in installation events."""
    return {
        "id": it.id,
        "node_id": node_id("Repository", it.id),
        "name": it.name,
        "full_name": it.full_name,
        "private": it.private,
    }


def association(state: State, it: Repository, who: User | None) -> str:
    """Say who somebody is to a repository, as events do: without a viewer.

    Members of an organisation are private members here, so they arrive as CONTRIBUTOR or NONE.
    """
    if who is None:
        return "NONE"
    if who is it.owner:
        return "OWNER"
    if it.owner.type != "Organization" and who.id in it.roles:
        return "COLLABORATOR"
    merged = any(pull.merged and pull.issue.user is who for pull in it.pulls)
    return "CONTRIBUTOR" if merged else "NONE"
