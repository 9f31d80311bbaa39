"""What went out over webhooks, and which calls changed something."""

import zlib
from dataclasses import dataclass, field

from bot.forge.records.people import App

PENDING = "pending"


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Delivery:
    """One attempt to deliver an event; attempts of one event share the GUID."""

    id: int
    guid: str
    app: App
    event: str
    action: str | None
    packed: bytes
    """The payload as it was signed, compressed: thousands are kept."""
    installation_id: int | None
    repository_id: int | None
    delivered_at: str
    redelivery: bool = False
    duration: float = 0.0
    status: str = PENDING
    """`OK`, or what went wrong in GitHub's words."""
    status_code: int = 0
    request_headers: dict[str, str] = field(default_factory=dict)
    response_headers: dict[str, str] = field(default_factory=dict)
    response_body: str = ""
    url: str = ""

    @property
    def body(self) -> bytes:
        return zlib.decompress(self.packed)

    @property
    def attempted(self) -> bool:
        return self.status != PENDING


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Write:
    """A call that changed something, for `GET /_forge/writes`."""

    n: int
    at: float
    actor: str
    method: str
    path: str
    status: int
    digest: str = ""
    """Of what was sent: two alike wrote the same."""


@dataclass(slots=True)
class Read:
    """A call that only asked, for `GET /_forge/reads`."""

    at: float
    actor: str
    path: str
    """With its query."""
    status: int
    tag: str
    """The entity tag of the answer."""
