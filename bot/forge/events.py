"""Which Apps learn of what: build an event, hold it against its schema, hand it to the hooks."""

import logging
from dataclasses import dataclass
from typing import Any

from bot.forge.hooks import Hooks
from bot.forge.records import App, Installation, Json, Repository, User
from bot.forge.schema.description import WebhookDescription
from bot.forge.shapes import people, repositories
from bot.forge.state import State, node_id

log = logging.getLogger(__name__)

NEEDS = {
    "check_run": "checks",
    "check_suite": "checks",
    "create": "contents",
    "delete": "contents",
    "issue_comment": "issues",
    "issues": "issues",
    "label": "metadata",
    "pull_request": "pull_requests",
    "pull_request_review": "pull_requests",
    "pull_request_review_comment": "pull_requests",
    "pull_request_review_thread": "pull_requests",
    "push": "contents",
    "repository": "metadata",
    "status": "statuses",
    "workflow_run": "actions",
}
"""The permission without which an App does not get an event."""


class Invalid(Exception):
    """An event is not as GitHub describes it: a bug of the forge."""


@dataclass(slots=True, kw_only=True)
class Events:
    state: State
    hooks: Hooks
    description: WebhookDescription
    strict: bool = True
    """Raise where an event does not fit its schema; else note it and send it."""

    def emit(
        self,
        name: str,
        repository: Repository,
        sender: User | None,
        body: Json,
        *,
        only: App | None = None,
    ) -> None:
        """Send an event (`issues.labeled`, `push`) to every App that may know of it.

        ``only``: to this App alone, subscribed or not (its own check runs and suites).
        """
        event, _, action = name.partition(".")
        for installation in list(self.state.installations.values()):
            if not installation.covers(repository) or installation.suspended_at:
                continue
            if installation.app is only or (only is None and wants(installation, event)):
                payload = self._payload(event, action, repository, sender, body)
                payload["installation"] = reference(installation)
                self._send(installation.app, event, payload)

    def to_app(self, name: str, app: App, sender: User | None, body: Json) -> None:
        """Send an event that belongs to no repository (`installation.suspend`, `ping`)."""
        event, _, action = name.partition(".")
        payload = {"action": action, **body} if action else dict(body)
        if sender:
            payload["sender"] = people.user(self.state, sender)
        self._send(app, event, payload)

    def _payload(
        self, event: str, action: str, repository: Repository, sender: User | None, body: Json
    ) -> Json:
        shape = repositories.pushed if event == "push" else repositories.repository
        payload: Json = {"action": action} if action else {}
        payload |= {**body, "repository": shape(self.state, repository)}
        if repository.owner.type == "Organization":
            payload["organization"] = people.organization(self.state, repository.owner)
        payload["sender"] = people.user(self.state, sender or people.GHOST)
        return payload

    def _send(self, app: App, event: str, payload: dict[str, Any]) -> None:
        problems = self.description.problems(event, payload)
        if problems:
            self.state.violations.append(f"event {event}.{payload.get('action')}: {problems[0]}")
            log.error("event %s does not fit its schema: %s", event, problems[:3])
            if self.strict:
                raise Invalid(f"{event}.{payload.get('action')}: {problems[:5]}")
        self.hooks.send(app, event, payload)


def wants(installation: Installation, event: str) -> bool:
    """Whether an App is subscribed to an event and has the permission for it."""
    need = NEEDS.get(event, "metadata")
    allowed = need == "metadata" or need in installation.permissions
    if event == "issue_comment" and "pull_requests" in installation.permissions:
        allowed = True
    return allowed and event in installation.events


def reference(installation: Installation) -> Json:
    return {
        "id": installation.id,
        "node_id": node_id("IntegrationInstallation", installation.id),
    }
