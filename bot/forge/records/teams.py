"""Teams of an organisation."""

from dataclasses import dataclass, field

from bot.forge.records.people import User


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Team:
    id: int
    organization: User
    slug: str
    created_at: str
    members: dict[int, User] = field(default_factory=dict)
    """By user id."""
