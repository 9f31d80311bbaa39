"""What was refused lately, so that a flood of the same costs nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field

from cachetools import TTLCache

from bot.runs import Permission

SECONDS = 60.0
"""For so long a refused person's permission is not asked for again."""
REACTION_SECONDS = 3600.0
KNOWN = 10
"""Reactions in that time to somebody with triage access, whose first refusal alone has words."""
MOST = 10_000

_Key = tuple[int, int]


@dataclass(slots=True)
class Refusals:
    """Kept in memory only, by repository and person: forgetting it costs one read each."""

    clock: Callable[[], float]
    _held: TTLCache[_Key, Permission] = field(init=False)
    _reacted: TTLCache[_Key, int] = field(init=False)
    _colleagues: TTLCache[_Key, bool] = field(init=False)
    unread: TTLCache[int, bool] = field(init=False)
    """Whether the teams that a repository names could not be looked at when it was last tried."""

    def __post_init__(self) -> None:
        self._held = TTLCache(MOST, SECONDS, timer=self.clock)
        self._reacted = TTLCache(MOST, REACTION_SECONDS, timer=self.clock)
        self._colleagues = TTLCache(MOST, REACTION_SECONDS, timer=self.clock)
        self.unread = TTLCache(MOST, SECONDS, timer=self.clock)

    def recall(self, repository_id: int, user_id: int) -> Permission | None:
        """What somebody was refused with within the last minute; None: ask GitHub."""
        return self._held.get((repository_id, user_id))

    def remember(self, repository_id: int, user_id: int, held: Permission) -> None:
        self._held[repository_id, user_id] = held

    def colleague(self, repository_id: int, user_id: int) -> bool | None:
        """Whether somebody who was refused belongs to the house; None: ask GitHub."""
        return self._colleagues.get((repository_id, user_id))

    def remember_colleague(self, repository_id: int, user_id: int, *, is_one: bool) -> None:
        self._colleagues[repository_id, user_id] = is_one

    def may_react(self, repository_id: int, user_id: int, most: int = 1) -> bool:
        """True so often an hour: a reaction for each of 500 commands would be noise of our own."""
        key = (repository_id, user_id)
        before = self._reacted.get(key, 0)
        if before < most:
            self._reacted[key] = before + 1
        return before < most
