"""An App's webhook: where it goes, what was delivered, and once more on demand."""

import json
from urllib.parse import urlencode

from bot.forge.answers import Answer, not_found, ok
from bot.forge.records import App, Delivery, Json
from bot.forge.rest.apps import the_app
from bot.forge.rest.call import Call, Caller, Routes

routes = Routes()


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
        "url": app.hook.url,
    }
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
    """Newest first; `cursor` is the id to go on before."""
    query = call.query
    cursor, size = query.get("cursor", ""), query.get("per_page", "30")
    limit = min(int(size) if size.isdigit() else 30, 100) or 30
    mine = [
        d
        for d in reversed(call.state.deliveries)
        if d.app is the_app(call)
        and (not cursor.isdigit() or d.id < int(cursor))
        and (query.get("status") in (None, "success") or d.status != "OK")
        and (query.get("status") in (None, "failure") or d.status == "OK")
    ]
    headers = {}
    if len(mine) > limit:
        more = urlencode({**query, "cursor": mine[limit - 1].id})
        headers["Link"] = f'<{call.state.api_url}/app/hook/deliveries?{more}>; rel="next"'
    return Answer(body=[item(delivery) for delivery in mine[:limit]], headers=headers)


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
    for delivery in call.state.deliveries:
        if delivery.id == wanted and delivery.app is the_app(call):
            return delivery
    raise not_found()
