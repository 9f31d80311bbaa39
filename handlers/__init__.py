"""What Coppice does about each event: one module for each, listed here by hand.

Handlers decide on plain data and write nothing; they may read GitHub and the store.
"""

from typing import Protocol

import msgspec
from gidgethub.sansio import Event

from bot.runs import Decision, ignore
from handlers import (
    check_run,
    check_suite,
    installation,
    installation_repositories,
    issue_comment,
    issues,
    ping,
    pull_request,
    pull_request_review,
    pull_request_review_comment,
    push,
    repository,
    status,
    workflow_run,
)
from handlers.context import Context
from handlers.payloads import UnexpectedPayload
from handlers.routing import Router

ROUTER = Router(
    check_run.router,
    check_suite.router,
    installation.router,
    installation_repositories.router,
    issue_comment.router,
    issues.router,
    ping.router,
    pull_request.router,
    pull_request_review.router,
    pull_request_review_comment.router,
    push.router,
    repository.router,
    status.router,
    workflow_run.router,
)


class Delivery(Protocol):
    """What is needed of a delivery."""

    @property
    def guid(self) -> str: ...

    @property
    def event(self) -> str: ...

    @property
    def payload(self) -> bytes: ...


async def decide(delivery: Delivery, context: Context) -> Decision:
    """Answer what is to be done about a delivery; nothing, with a reason, for most of them.

    Raises what reads of GitHub raise (EffectDelayed, EffectRefused), so that it is tried again.
    """
    try:
        data = msgspec.json.decode(delivery.payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ignore("the payload is not JSON")
    if not isinstance(data, dict) or not isinstance(data.get("action", ""), str):
        return ignore("the payload is not as GitHub describes it")
    event = Event(data, event=delivery.event, delivery_id=delivery.guid)
    handler = ROUTER.handler(event)
    if handler is None:
        return ignore(f"nothing is done about {_name(event)}")
    try:
        return await handler(event, context)
    except UnexpectedPayload as error:
        return ignore(str(error))


def _name(event: Event) -> str:
    action = event.data.get("action")
    return f"{event.event}.{action}" if action else event.event
