"""What the Apps' webhooks were sent: the log, each payload, and sending one again."""

import json

from aiohttp import web

from bot.forge.pages.site import Route, Visit, back
from bot.forge.records import Delivery, Role

SHOWN = 100
SECRETS = ("X-Hub-Signature", "X-Hub-Signature-256")


async def listing(visit: Visit) -> web.StreamResponse:
    """The newest deliveries; those of private repositories only for who may see them."""
    found = [d for d in reversed(visit.state.deliveries) if _may_see(visit, d)]
    return visit.render("deliveries.html", deliveries=found[:SHOWN], left_out=len(found) - SHOWN)


async def page(visit: Visit) -> web.StreamResponse:
    delivery = _find(visit)
    payload = json.dumps(json.loads(delivery.body), indent=2, ensure_ascii=False)
    attempts = [d for d in visit.state.deliveries if d.guid == delivery.guid]
    return visit.render(
        "delivery.html", delivery=delivery, payload=payload, attempts=attempts, secrets=SECRETS
    )


async def redeliver(visit: Visit) -> web.StreamResponse:
    """Send an event again, under the same GUID; GitHub lets the App's owner do that."""
    delivery = _find(visit)
    if visit.acts_as != "maintainer":
        raise web.HTTPForbidden(text="Only the owner of the App can send a delivery again.")
    visit.forge.hooks.redeliver(delivery)
    return back("/deliveries")


def _find(visit: Visit) -> Delivery:
    wanted = visit.number()
    for delivery in visit.state.deliveries:
        if delivery.id == wanted and _may_see(visit, delivery):
            return delivery
    raise web.HTTPNotFound(text="There is no such delivery.")


def _may_see(visit: Visit, delivery: Delivery) -> bool:
    repository = visit.state.repositories.get(delivery.repository_id or 0)
    return repository is None or visit.role(repository) is not Role.NONE


ROUTES: tuple[Route, ...] = (
    ("GET", "/deliveries", listing),
    ("GET", r"/deliveries/{number:\d{1,18}}", page),
    ("POST", r"/deliveries/{number:\d{1,18}}/attempts", redeliver),
)
