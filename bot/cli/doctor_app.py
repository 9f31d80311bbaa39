"""What `coppice doctor` asks GitHub: the clock, the App's permissions and events, its webhook."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from bot.cli import doctor_key
from bot.cli.check import Check, bad, good
from bot.cli.connection import open_session
from bot.errors import OperatorError
from bot.github.app import App, Registration
from bot.settings import PREFIX, Settings

MANIFEST = Path(__file__).with_name("app.yaml")
"""A link to the one at the root of the repository, so that a wheel holds it too."""
PAGE = 100
MOST_SKEW = 30.0
"""Seconds: GitHub refuses a JWT whose `iat` lies in its future, and we date it a minute back."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    date: datetime | None
    body: Any


async def examine_app(settings: Settings) -> list[Check]:
    """Ask GitHub about the App; one check says so when it does not answer."""
    try:
        async with open_session(settings) as session:
            return await _examine(settings, session)
    except (aiohttp.ClientError, TimeoutError, ValueError, OperatorError) as error:
        mend = f"Check {PREFIX}GITHUB_URL, {PREFIX}CA_FILE, HTTPS_PROXY and the network."
        return [bad("GitHub", f"{settings.github_url}: {error}", mend)]


async def _examine(settings: Settings, session: aiohttp.ClientSession) -> list[Check]:
    registration = Registration(
        app_id=settings.app_id,
        private_key=settings.private_key.get_secret_value(),
        api_url=settings.github_url,
    )
    app = App(registration, session)

    async def get(path: str) -> Answer:
        headers = {"Authorization": f"Bearer {app.jwt()}", "Accept": "application/vnd.github+json"}
        timeout = aiohttp.ClientTimeout(total=15)
        address = settings.github_url + path
        async with session.get(address, headers=headers, timeout=timeout) as response:
            body = await response.json() if response.content_type.endswith("json") else None
            return Answer(response.status, _date(response.headers.get("Date", "")), body)

    answer = await get("/app")
    checks = [_clock(answer.date)]
    if answer.status != HTTPStatus.OK or not _is_app(answer.body):
        return [*checks, _refused(settings, answer)]
    manifest = yaml.safe_load(MANIFEST.read_text())
    checks += [_app(answer.body), _permissions(manifest, answer.body)]
    checks += [_events(manifest, answer.body), _webhook(settings, await get("/app/hook/config"))]
    checks += _deliveries(await get("/app/hook/deliveries?per_page=20"))
    return [*checks, _installations(await get(f"/app/installations?per_page={PAGE}"))]


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _clock(theirs: datetime | None) -> Check:
    if theirs is None:
        return bad("clock", "GitHub's answer has no Date", "Look at the proxy in between.")
    seconds = (datetime.now(UTC) - theirs).total_seconds()
    detail = f"{seconds:+.0f} s against GitHub's"
    if abs(seconds) <= MOST_SKEW:
        return good("clock", detail)
    return bad("clock", detail, "Set this machine's clock: timedatectl set-ntp true.")


def _is_app(body: Any) -> bool:
    return isinstance(body, Mapping) and {"slug", "id", "permissions", "events"} <= body.keys()


def _refused(settings: Settings, answer: Answer) -> Check:
    if answer.status in (HTTPStatus.OK, HTTPStatus.NOT_FOUND):
        roots = "https://api.github.com, https://HOST/api/v3 or https://api.NAME.ghe.com"
        mend = f"Set {PREFIX}GITHUB_URL to {roots}."
        detail = f"{settings.github_url}/app answers {answer.status}, and not with an App"
        return bad("App", f"{detail}: that is not GitHub's REST API", mend)
    message = answer.body.get("message") if isinstance(answer.body, Mapping) else "no JSON"
    return bad("App", f"GitHub answers {answer.status}: {message}", doctor_key.mend(settings))


def _app(app: Mapping[str, Any]) -> Check:
    return good("App", f"{app['slug']} ({app['id']})")


def _permissions(manifest: Mapping[str, Any], app: Mapping[str, Any]) -> Check:
    wanted, held = manifest["default_permissions"], app["permissions"]
    wrong = [
        f"{name} is {held.get(name, 'none')}, not {level}"
        for name, level in wanted.items()
        if held.get(name) not in (level, "write")
    ]
    wrong += [
        f"{name} is {level}, more than it needs"
        for name, level in held.items()
        if name not in wanted or (level, wanted[name]) == ("write", "read")
    ]
    if not wrong:
        return good("App permissions", "as in app.yaml")
    mend = (
        "Correct them on the App's page, Permissions & events; accept them where it is installed."
    )
    return bad("App permissions", "; ".join(wrong), mend)


def _events(manifest: Mapping[str, Any], app: Mapping[str, Any]) -> Check:
    missing = sorted(set(manifest["default_events"]) - set(app["events"]))
    if not missing:
        return good("App events", "as in app.yaml")
    mend = "Tick them on the App's page, Permissions & events."
    return bad("App events", f"not subscribed: {', '.join(missing)}", mend)


def _webhook(settings: Settings, answer: Answer) -> Check:
    url = answer.body.get("url") if isinstance(answer.body, Mapping) else None
    place = "on the App's page, General, Webhook"
    if not url:
        return bad("App webhook", "no address is set", f"Set it {place}.")
    if settings.public_url and url != f"{settings.public_url}/webhook":
        mend = f"Set it to {settings.public_url}/webhook {place}, or correct {PREFIX}PUBLIC_URL."
        return bad("App webhook", url, mend)
    if not url.endswith("/webhook"):
        return bad("App webhook", url, f"Its path is /webhook: correct it {place}.")
    if answer.body.get("content_type") not in (None, "json"):
        detail = f"{url} gets its payloads as {answer.body['content_type']}"
        return bad("App webhook", detail, f"Set the content type to application/json {place}.")
    if not answer.body.get("secret"):
        mend = f"Set there what {PREFIX}WEBHOOK_SECRET is: {place}."
        return bad("App webhook", f"{url} has no secret: nothing that it sends is signed", mend)
    return good("App webhook", url)


def _deliveries(answer: Answer) -> list[Check]:
    """Look at how the newest delivery was answered: a wrong secret or address shows there."""
    newest = answer.body[0] if isinstance(answer.body, list) and answer.body else None
    if not isinstance(newest, Mapping):
        return []
    status, said = newest.get("status_code"), f"{newest.get('event')}: {newest.get('status')}"
    if status == HTTPStatus.UNAUTHORIZED:
        mend = f"Set {PREFIX}WEBHOOK_SECRET and the App's page, General, Webhook, to the same one."
        return [bad("newest delivery", f"{said}: the secrets differ", mend)]
    if newest.get("status") == "OK":
        return [good("newest delivery", said)]
    mend = "Start the service and look at the way to it; `coppice sweep` takes up what was missed."
    return [bad("newest delivery", said, mend)]


def _installations(answer: Answer) -> Check:
    count = len(answer.body) if isinstance(answer.body, list) else 0
    if count:
        return good("App installations", f"{count}" if count < PAGE else f"{PAGE} or more")
    mend = "Install the App: its page, Install App, choose repositories."
    return bad("App installations", "none", mend)
