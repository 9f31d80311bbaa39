"""What happens to an installation: created, suspended, its repositories changed, deleted."""

from typing import Any

from bot.forge.house import House
from bot.forge.records import App, Installation, Json, Repository, User
from bot.forge.shapes import people, repositories


def _covered(forge: House, it: Installation) -> list[Json]:
    return [repositories.brief(r) for r in forge.state.repositories.values() if it.covers(r)]


def _tell(forge: House, action: str, it: Installation, sender: User, **more: Any) -> None:
    body = {"installation": people.installation(forge.state, it), **more}
    forge.events.to_app(f"installation.{action}", it.app, sender, body)


def install(
    forge: House, app: App, account: User, repository_ids: set[int] | None = None
) -> Installation:
    it = forge.state.install(app, account, repository_ids)
    _tell(forge, "created", it, account, repositories=_covered(forge, it), requester=None)
    return it


def suspend(forge: House, it: Installation, sender: User) -> None:
    it.suspended_at, it.suspended_by = forge.state.now(), sender
    it.updated_at = it.suspended_at
    _tell(forge, "suspend", it, sender, repositories=_covered(forge, it))


def unsuspend(forge: House, it: Installation, sender: User) -> None:
    it.suspended_at = it.suspended_by = None
    it.updated_at = forge.state.now()
    _tell(forge, "unsuspend", it, sender, repositories=_covered(forge, it))


def uninstall(forge: House, it: Installation, sender: User) -> None:
    """Its tokens answer 401 from now on, and new ones 404."""
    covered = _covered(forge, it)
    it.deleted = True
    _tell(forge, "deleted", it, sender, repositories=covered)


def set_repository(
    forge: House, it: Installation, repository: Repository, sender: User, *, covered: bool
) -> None:
    """Add a repository to an installation or take it out; it has chosen ones from then on."""
    chosen = it.repository_ids
    if chosen is None:
        chosen = {r.id for r in forge.state.repositories.values() if it.covers(r)}
    it.updated_at = forge.state.now()
    it.repository_ids = chosen | {repository.id} if covered else chosen - {repository.id}
    shape = [repositories.brief(repository)]
    action = "added" if covered else "removed"
    body: Json = {
        "installation": people.installation(forge.state, it),
        "repository_selection": "selected",
        "repositories_added": shape if covered else [],
        "repositories_removed": [] if covered else shape,
        "requester": None,
    }
    forge.events.to_app(f"installation_repositories.{action}", it.app, sender, body)
