"""Who is on the teams of an organisation, and who belongs to it."""

from bot.forge.records import Team, User
from bot.forge.state import State


def set_team(state: State, organization: User, slug: str, members: list[User]) -> Team:
    """Make a team, or give it other members."""
    key = (organization.id, slug.lower())
    team = state.teams.get(key)
    if team is None:
        team = state.teams[key] = Team(
            id=state.new_id(), organization=organization, slug=key[1], created_at=state.now()
        )
    team.members = {who.id: who for who in members}
    return team


def members(state: State, organization: User) -> list[User]:
    """Everybody with access of their own to one of its repositories, or on a team."""
    ids = {
        id
        for repository in state.repositories.values()
        if repository.owner is organization
        for id in repository.roles
    }
    for team in state.teams.values():
        ids |= team.members.keys() if team.organization is organization else set()
    return [who for who in state.users.values() if who.id in ids]
