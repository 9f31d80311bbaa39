"""The App that a fresh forge knows, and its one installation."""

import secrets
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.forge.records import App, Hook, Installation, User
from bot.forge.state import State

SLUG = "coppice"
PERMISSIONS = {
    "actions": "read",
    "checks": "write",
    "contents": "write",
    "issues": "write",
    "members": "read",
    "metadata": "read",
    "pull_requests": "write",
    "statuses": "read",
}
EVENTS = [
    "check_run",
    "check_suite",
    "installation_target",
    "issue_comment",
    "issues",
    "label",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_review_thread",
    "push",
    "repository",
    "status",
    "workflow_run",
]


def add_app(state: State, owner: User, *, slug: str = SLUG, webhook_url: str = "") -> App:
    """Register an App with a new key and webhook secret."""
    private, public = _make_key()
    app = App(
        id=state.new_id(),
        slug=slug,
        name=slug.capitalize(),
        owner=owner,
        bot=state.add_user(f"{slug}[bot]", type="Bot"),
        permissions=dict(PERMISSIONS),
        events=list(EVENTS),
        private_key=private,
        public_key=public,
        hook=Hook(url=webhook_url, secret=secrets.token_hex(20)),
        client_id=f"Iv23{secrets.token_hex(8)}",
        created_at=state.now(),
    )
    state.apps[app.id] = app
    return app


def replace_key(state: State) -> None:
    """Give the first App a new key, and delete the old one, as its owner does on its page."""
    app = next(iter(state.apps.values()))
    app.private_key, app.public_key = _make_key()
    (state.directory / "app.private-key.pem").write_text(app.private_key)


def _make_key() -> tuple[str, Any]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return pem.decode(), key.public_key()


def add_app_and_install(state: State, account: User, webhook_url: str = "") -> Installation:
    return state.install(add_app(state, account, webhook_url=webhook_url), account)
