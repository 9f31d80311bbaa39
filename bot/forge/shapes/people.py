"""Users, Apps and installations as GitHub shows them."""

from urllib.parse import quote

from bot.forge.records import App, Installation, Json, Label, Reaction, User
from bot.forge.state import State, node_id

GHOST = User(id=10137, login="ghost", name="Deleted user")
"""Who stands where GitHub's schema allows no null for a deleted account."""

REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


def user(state: State, who: User) -> Json:
    url = f"{state.api_url}/users/{quote(who.login)}"
    page = f"{state.html_url}/{who.login}"
    if who.type == "Bot":
        page = f"{state.html_url}/apps/{who.login.removesuffix('[bot]')}"
    return {
        "login": who.login,
        "id": who.id,
        "node_id": node_id("User", who.id),
        "avatar_url": f"{state.html_url}/avatars/u/{who.id}?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": page,
        "followers_url": f"{url}/followers",
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{url}/subscriptions",
        "organizations_url": f"{url}/orgs",
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events{{/privacy}}",
        "received_events_url": f"{url}/received_events",
        "type": who.type,
        "user_view_type": "public",
        "site_admin": False,
    }


def maybe(state: State, who: User | None) -> Json | None:
    return user(state, who) if who else None


def public_user(state: State, who: User) -> Json:
    """The answer of `GET /users/{username}`."""
    owned = [r for r in state.repositories.values() if r.owner is who and not r.private]
    return {
        **user(state, who),
        "name": who.name,
        "company": None,
        "blog": "",
        "location": None,
        "email": who.email,
        "hireable": None,
        "bio": None,
        "twitter_username": None,
        "public_repos": len(owned),
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": who.created_at,
        "updated_at": who.created_at,
    }


def organization(state: State, owner: User) -> Json:
    """The form in events."""
    url = f"{state.api_url}/orgs/{owner.login}"
    return {
        "login": owner.login,
        "id": owner.id,
        "node_id": node_id("Organization", owner.id),
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": f"{state.html_url}/avatars/u/{owner.id}?v=4",
        "description": "",
    }


def app(state: State, it: App) -> Json:
    """An App as part of something else; GitHub's list of events there lacks one."""
    return {
        "id": it.id,
        "client_id": it.client_id,
        "slug": it.slug,
        "node_id": node_id("App", it.id),
        "owner": user(state, it.owner),
        "name": it.name,
        "description": "",
        "external_url": f"{state.html_url}/apps/{it.slug}",
        "html_url": f"{state.html_url}/apps/{it.slug}",
        "created_at": it.created_at,
        "updated_at": it.created_at,
        "permissions": dict(it.permissions),
        "events": [name for name in it.events if name != "installation_target"],
    }


def maybe_app(state: State, it: App | None) -> Json | None:
    return app(state, it) if it else None


def installation(state: State, it: Installation) -> Json:
    chosen = it.repository_ids is not None
    return {
        "id": it.id,
        "client_id": it.app.client_id,
        "account": user(state, it.account),
        "repository_selection": "selected" if chosen else "all",
        "access_tokens_url": f"{state.api_url}/app/installations/{it.id}/access_tokens",
        "repositories_url": f"{state.api_url}/installation/repositories",
        "html_url": f"{state.html_url}/settings/installations/{it.id}",
        "app_id": it.app.id,
        "app_slug": it.app.slug,
        "target_id": it.account.id,
        "target_type": it.account.type,
        "permissions": dict(it.permissions),
        "events": list(it.events),
        "created_at": it.created_at,
        "updated_at": it.updated_at,
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": maybe(state, it.suspended_by),
        "suspended_at": it.suspended_at,
    }


def label(state: State, repository_url: str, it: Label) -> Json:
    return {
        "id": it.id,
        "node_id": node_id("Label", it.id),
        "url": f"{repository_url}/labels/{quote(it.name)}",
        "name": it.name,
        "color": it.color,
        "default": it.default,
        "description": it.description,
    }


def reaction(state: State, it: Reaction) -> Json:
    return {
        "id": it.id,
        "node_id": node_id("Reaction", it.id),
        "user": maybe(state, it.user),
        "content": it.content,
        "created_at": it.created_at,
    }


def reactions(url: str, given: list[Reaction]) -> Json:
    counts = dict.fromkeys(REACTIONS, 0)
    for one in given:
        counts[one.content] += 1
    return {"url": f"{url}/reactions", "total_count": len(given), **counts}
