"""An App's webhook: where it goes, what was delivered, and once more on demand."""

import itertools
import json
from bisect import bisect_left
from collections.abc import Iterator
from urllib.parse import urlencode

from bot.forge.answers import Answer, Refusal, not_found, ok
from bot.forge.numbers import whole
from bot.forge.records import App, Delivery, Json
from bot.forge.rest.apps import the_app
from bot.forge.rest.call import Call, Caller, Routes
from bot.forge.state import iso

routes = Routes()
KEPT_SECONDS = 3 * 86_400
CURSOR = "v1_"


@routes("GET /app/hook/config", Caller.APP)
async def get_config(call: Call) -> Answer:
    return ok(config(the_app(call)))


@routes("PATCH /app/hook/config", Caller.APP)
async def update_config(call: Call) -> Answer:
    """A new address is pinged."""
    app, before = the_app(call), the_app(call).hook.url
    for name in ("url", "secret", "content_type", "insecure_ssl"):
        if call.body.get(name) is not None:
            setattr(app.hook, name, str(call.body[name]))
    if app.hook.url != before:
        ping(call, app)
    return ok(config(app))


def config(app: App) -> Json:
    """The secret is never shown."""
    shape: Json = {
        "content_type": app.hook.content_type,
        "insecure_ssl": app.hook.insecure_ssl,
    }
    if app.hook.url:
        shape["url"] = app.hook.url
    return {**shape, "secret": "********"} if app.hook.secret else shape


def ping(call: Call, app: App) -> None:
    url = f"{call.state.api_url}/app/hook"
    hook = {
        "type": "App",
        "id": app.id,
        "name": "web",
        "active": True,
        "events": list(app.events),
        "config": config(app),
        "app_id": app.id,
        "updated_at": call.state.now(),
        "created_at": app.created_at,
        "deliveries_url": f"{url}/deliveries",
    }
    body = {"zen": "Half measures are as bad as nothing at all.", "hook_id": app.id, "hook": hook}
    call.forge.events.to_app("ping", app, None, body)


@routes("GET /app/hook/deliveries", Caller.APP)
async def list_deliveries(call: Call) -> Answer:
    """Newest first, those of the last three days; `next` goes on by a cursor."""
    query = call.query
    limit = min(whole(query.get("per_page", "")) or 30, 100)
    mine = list(itertools.islice(_logged(call), limit + 1))
    headers = {}
    if len(mine) > limit:
        more = urlencode({**query, "cursor": f"{CURSOR}{mine[limit - 1].id}"})
        headers["Link"] = f'<{call.state.api_url}/app/hook/deliveries?{more}>; rel="next"'
    return Answer(body=[item(delivery) for delivery in mine[:limit]], headers=headers)


def _logged(call: Call) -> Iterator[Delivery]:
    """An attempt is in the log once it was made."""
    app, status = the_app(call), call.query.get("status")
    oldest = iso(call.state.clock() - KEPT_SECONDS)
    for it in itertools.islice(reversed(call.state.deliveries), _after(call), None):
        if it.delivered_at < oldest and it.attempted:
            continue
        if it.app is app and it.attempted and status in (None, _outcome(it)):
            yield it


def _outcome(it: Delivery) -> str:
    return "success" if it.status == "OK" else "failure"


def _after(call: Call) -> int:
    """How many of the newest the cursor leaves out."""
    cursor = call.query.get("cursor")
    if cursor is None:
        return 0
    number = whole(cursor.removeprefix(CURSOR))
    if number is None or not cursor.startswith(CURSOR):
        raise Refusal(422, "Invalid cursor")
    kept = call.state.deliveries
    return len(kept) - bisect_left(kept, number, key=_id)


def _id(it: Delivery) -> int:
    return it.id


def item(it: Delivery) -> Json:
    return {
        "id": it.id,
        "guid": it.guid,
        "delivered_at": it.delivered_at,
        "redelivery": it.redelivery,
        "duration": it.duration,
        "status": it.status,
        "status_code": it.status_code,
        "event": it.event,
        "action": it.action,
        "installation_id": it.installation_id,
        "repository_id": it.repository_id,
        "throttled_at": None,
    }


@routes("GET /app/hook/deliveries/{delivery_id}", Caller.APP)
async def get_delivery(call: Call) -> Answer:
    it = find(call)
    return ok(
        {
            **item(it),
            "url": it.url,
            "request": {"headers": it.request_headers, "payload": json.loads(it.body)},
            "response": {"headers": it.response_headers, "payload": it.response_body},
        }
    )


@routes("POST /app/hook/deliveries/{delivery_id}/attempts", Caller.APP)
async def redeliver(call: Call) -> Answer:
    """202: it is sent again, under the same GUID."""
    call.forge.hooks.redeliver(find(call))
    return Answer(status=202, body={})


def find(call: Call) -> Delivery:
    wanted = call.number("delivery_id")
    kept, oldest = call.state.deliveries, iso(call.state.clock() - KEPT_SECONDS)
    at = bisect_left(kept, wanted, key=_id)
    if at == len(kept) or kept[at].id != wanted or kept[at].app is not the_app(call):
        raise not_found()
    if not kept[at].attempted or kept[at].delivered_at < oldest:
        raise not_found()
    return kept[at]
