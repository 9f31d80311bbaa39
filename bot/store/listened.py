"""Since when each repository has been listened to: nothing from before is ours to act on."""

from collections.abc import Collection

from sqlalchemy import Connection

from bot.store import marks
from bot.store.journal import deliveries

_PREFIX = "listened-"


def since(c: Connection, listed: Collection[int]) -> dict[int, float]:
    """Tell it of those of some repositories that are known, by their ids, as Unix time.

    It is the first look at all installations that showed it, or the oldest delivery that is kept
    where no look has noted it yet.
    """
    noted = _noted(c)
    if noted.keys() >= set(listed):
        return noted
    return deliveries.first_of_repositories(c) | noted


def note(c: Connection, listed: Collection[int], now: float) -> None:
    """Keep what all installations show by now; one that they show no more is known from now on
    at the earliest, should it come back.
    """
    noted, known = _noted(c), since(c, listed)
    for repository_id in set(listed) - noted.keys():
        _put(c, repository_id, known.get(repository_id, now))
    for repository_id in noted.keys() - set(listed):
        _put(c, repository_id, now)


def _noted(c: Connection) -> dict[int, float]:
    return {int(name): at for name, at in marks.named(c, _PREFIX).items()}


def _put(c: Connection, repository_id: int, at: float) -> None:
    marks.put(c, f"{_PREFIX}{repository_id}", at)
