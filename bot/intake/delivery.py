"""A delivery as handlers see it."""

from dataclasses import dataclass
from typing import Self

from bot.store.journal.arrivals import Arrival, Source
from bot.store.journal.deliveries import DeliveryRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One webhook as GitHub sent it; everything but `guid`, `event` and `payload` may be absent."""

    guid: str
    event: str
    action: str | None
    repository: str | None
    """Full name."""
    repository_id: int | None
    number: int | None
    """Of the issue or pull request that it is about."""
    installation_id: int | None
    received_at: float
    attempts: int
    """How often it was tried before."""
    source: Source
    payload: bytes
    """The signed body, byte for byte."""
    digest: bytes | None = None
    """SHA-256 of the body as its first try saw it; None: it was not tried before."""

    @classmethod
    def fresh(cls, arrival: Arrival) -> Self:
        """See one as it came in, before anybody tried it."""
        return cls(attempts=0, **arrival._asdict())

    @classmethod
    def of(cls, row: DeliveryRow) -> Self:
        return cls(
            guid=row.guid,
            event=row.event,
            action=row.action,
            repository=row.repository,
            repository_id=row.repository_id,
            number=row.number,
            installation_id=row.installation_id,
            received_at=row.received_at,
            attempts=row.attempts,
            source=row.source,
            payload=row.payload or b"",
            digest=row.digest,
        )
