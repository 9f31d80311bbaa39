"""Faults, switches and the list of writes: on loopback only, without a token.

`POST /_forge/faults` {kind, event | method + path, after, times, seconds, status} answers {id};
`DELETE /_forge/faults` forgets them all; `GET /_forge/writes` lists every call that changed
something, pushes included; `GET /_forge/violations` lists answers and events that did not fit
GitHub's description. `POST /_forge/switch` {switch, …} answers {} (``switches`` lists them).
"""

from dataclasses import asdict
from ipaddress import ip_address
from typing import Any

from aiohttp import web

from bot.forge.answers import Refusal
from bot.forge.faults import Fault, FaultKind
from bot.forge.forge import FORGE, Forge
from bot.forge.switches import SWITCHES

Json = dict[str, Any]


def add_control(app: web.Application) -> None:
    app.router.add_post("/_forge/faults", add_fault)
    app.router.add_delete("/_forge/faults", clear_faults)
    app.router.add_get("/_forge/writes", list_writes)
    app.router.add_get("/_forge/violations", list_violations)
    app.router.add_post("/_forge/switch", throw_switch)


def local(request: web.Request) -> Forge:
    if not ip_address(request.remote or "0.0.0.0").is_loopback:  # noqa: S104
        raise web.HTTPForbidden(text="only from this machine")
    return request.app[FORGE]


async def _object(request: web.Request) -> Json:
    try:
        body = await request.json()
    except ValueError:
        raise web.HTTPBadRequest(text="not JSON") from None
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="not an object")
    return body


async def add_fault(request: web.Request) -> web.Response:
    forge = local(request)
    body = await _object(request)
    try:
        fault = Fault(id=forge.state.new_id(), **{**body, "kind": FaultKind(body.get("kind", ""))})
    except (TypeError, ValueError) as error:
        raise web.HTTPBadRequest(text=str(error)) from None
    forge.faults.add(fault)
    return web.json_response({"id": fault.id})


async def clear_faults(request: web.Request) -> web.Response:
    local(request).faults.clear()
    return web.Response(status=204)


async def list_writes(request: web.Request) -> web.Response:
    return web.json_response([asdict(write) for write in local(request).state.writes])


async def list_violations(request: web.Request) -> web.Response:
    return web.json_response(local(request).state.violations)


async def throw_switch(request: web.Request) -> web.Response:
    forge = local(request)
    body = await _object(request)
    switch = SWITCHES.get(str(body.get("switch")))
    if switch is None:
        raise web.HTTPBadRequest(text=f"switches are {', '.join(SWITCHES)}")
    try:
        await switch(forge, body)
    except KeyError as error:
        raise web.HTTPBadRequest(text=f"there is no {error}, or it was not given") from None
    except Refusal as refusal:
        return web.json_response(refusal.body, status=refusal.status)
    return web.json_response({})
