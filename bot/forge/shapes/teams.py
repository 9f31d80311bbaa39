"""Teams of an organisation."""

from bot.forge.records import Json, Team
from bot.forge.shapes import people
from bot.forge.state import State, node_id


def url(state: State, it: Team) -> str:
    return f"{state.api_url}/organizations/{it.organization.id}/team/{it.id}"


def team(state: State, it: Team) -> Json:
    """The answer of `GET /orgs/{org}/teams/{team_slug}`."""
    own, page = url(state, it), f"{state.html_url}/orgs/{it.organization.login}/teams/{it.slug}"
    organization = {
        **people.organization(state, it.organization),
        "html_url": f"{state.html_url}/{it.organization.login}",
        "type": "Organization",
        "has_organization_projects": False,
        "has_repository_projects": False,
        "public_repos": 0,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": it.organization.created_at,
        "updated_at": it.organization.created_at,
        "archived_at": None,
    }
    return {
        "id": it.id,
        "node_id": node_id("Team", it.id),
        "url": own,
        "html_url": page,
        "name": it.slug,
        "slug": it.slug,
        "description": None,
        "privacy": "closed",
        "notification_setting": "notifications_enabled",
        "permission": "pull",
        "members_url": f"{own}/members{{/member}}",
        "repositories_url": f"{own}/repos",
        "parent": None,
        "members_count": len(it.members),
        "repos_count": 0,
        "created_at": it.created_at,
        "updated_at": it.created_at,
        "organization": organization,
        "type": "organization",
        "organization_id": it.organization.id,
    }
