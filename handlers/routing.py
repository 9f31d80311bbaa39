"""Registration of handlers: gidgethub's router, for coroutines that answer a decision."""

from collections.abc import Awaitable, Callable
from typing import Any, cast

from gidgethub import routing
from gidgethub.sansio import Event

from bot.runs import Decision
from handlers.context import Context

Handler = Callable[[Event, Context], Awaitable[Decision]]


class Router(routing.Router):
    """One handler for each event and action."""

    def register(self, event_type: str, **data_detail: Any) -> Callable[[Handler], Handler]:  # type: ignore[override]  # gidgethub's callbacks answer nothing, ours a decision
        def decorator(handler: Handler) -> Handler:
            self.add(cast(Any, handler), event_type, **data_detail)
            return handler

        return decorator

    def handler(self, event: Event) -> Handler | None:
        """Return what is registered for an event, or None."""
        found = self.fetch(event)
        return cast(Handler, next(iter(found))) if found else None
