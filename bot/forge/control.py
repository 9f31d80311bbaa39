"""Faults, switches and the list of writes: on loopback only, without a token.

`POST /_forge/faults` {kind, event | method + path, after, times, seconds, status} answers {id};
`DELETE /_forge/faults` forgets them all; `GET /_forge/writes` lists every call that changed
something, pushes included; `GET /_forge/reads` the newest calls that asked;
`GET /_forge/violations` lists answers and events that did not fit GitHub's description.
`POST /_forge/switch` {switch, …} answers {} (``switches`` lists them).

`POST /_forge/ci` {repository, sha | ref | pull_request, kind, workflow, runs: [job, …]} plays a
third party's CI on a commit and answers when it is over. A job is {name, conclusion | conclusions,
log | logs, annotations, seconds}; the plurals are by attempt, a conclusion of null hangs. ``kind``
is `actions` (a workflow run; answers its ids) or `status`; {workflow_run, runs} ends hanging ones.

`POST /_forge/clock` {advance: seconds} puts the forge's clock forward and answers {now, ahead} in
seconds; `GET /_forge/clock` reads it.
"""

from dataclasses import asdict, fields
from ipaddress import ip_address
from typing import Any

import msgspec
from aiohttp import web

from bot.forge.answers import Refusal
from bot.forge.ci import follow
from bot.forge.ci.links import text_of
from bot.forge.ci.script import BadScript
from bot.forge.faults import Fault
from bot.forge.forge import FORGE, Forge
from bot.forge.switches import SWITCHES, repository_of

Json = dict[str, Any]
FAULT_KEYS = {field.name for field in fields(Fault)} - {"id"}


def add_control(app: web.Application) -> None:
    app.router.add_post("/_forge/faults", add_fault)
    app.router.add_delete("/_forge/faults", clear_faults)
    app.router.add_get("/_forge/writes", list_writes)
    app.router.add_get("/_forge/reads", list_reads)
    app.router.add_get("/_forge/violations", list_violations)
    app.router.add_post("/_forge/switch", throw_switch)
    app.router.add_get("/_forge/clock", show_clock)
    app.router.add_post("/_forge/clock", set_clock)
    app.router.add_post("/_forge/ci", play_ci)
    app.router.add_get("/_forge/logs/{key}", show_log)


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
    if strange := sorted(body.keys() - FAULT_KEYS):
        raise web.HTTPBadRequest(text=f"a fault has no {', '.join(strange)}")
    try:
        fault = msgspec.convert({**body, "id": forge.state.new_id()}, Fault)
    except msgspec.ValidationError as error:
        raise web.HTTPBadRequest(text=str(error)) from None
    forge.faults.add(fault)
    return web.json_response({"id": fault.id})


async def clear_faults(request: web.Request) -> web.Response:
    local(request).faults.clear()
    return web.Response(status=204)


async def list_writes(request: web.Request) -> web.Response:
    return web.json_response([asdict(write) for write in local(request).state.writes])


async def list_reads(request: web.Request) -> web.Response:
    return web.json_response([asdict(read) for read in local(request).state.reads])


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
    except (BadScript, TypeError, ValueError) as error:
        raise web.HTTPBadRequest(text=str(error)) from None
    except Refusal as refusal:
        return web.json_response(refusal.body, status=refusal.status)
    return web.json_response({})


async def show_clock(request: web.Request) -> web.Response:
    state = local(request).state
    return web.json_response({"now": state.clock(), "ahead": state.ahead})


async def set_clock(request: web.Request) -> web.Response:
    seconds = (await _object(request)).get("advance")
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or seconds < 0:
        raise web.HTTPBadRequest(text="advance is a number of seconds, 0 or more")
    local(request).state.advance(float(seconds))
    return await show_clock(request)


async def play_ci(request: web.Request) -> web.Response:
    forge = local(request)
    body = await _object(request)
    try:
        repository = repository_of(forge, body)
        done = await follow.play(forge, repository, body)
    except KeyError as error:
        raise web.HTTPBadRequest(text=f"there is no {error}") from None
    except BadScript as error:
        raise web.HTTPBadRequest(text=str(error)) from None
    return web.json_response(done)


async def show_log(request: web.Request) -> web.Response:
    """A log behind its address, as GitHub's storage serves it: no token, no JSON."""
    text = text_of(request.app[FORGE].state, request.match_info["key"])
    if text is None:
        raise web.HTTPNotFound(text="This address is over.")
    return web.Response(text=text, content_type="text/plain")
