"""GitHub's rate limits, enforced by default: 5,000 calls an hour, 80 and 500 that write."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.forge.answers import Refusal

HOUR, MINUTE = 3600, 60
ANONYMOUS = 60
CORE = "core"


@dataclass(slots=True)
class Bucket:
    """One caller's use."""

    reset: float
    used: int = 0
    written: deque[float] = field(default_factory=deque)
    """When content was created, for the last hour."""


class Limits:
    def __init__(
        self,
        clock: Callable[[], float],
        *,
        hourly: int = 5000,
        content_minute: int = 80,
        content_hour: int = 500,
    ) -> None:
        self.clock = clock
        self.hourly = hourly
        self.content_minute = content_minute
        self.content_hour = content_hour
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def spend(self, key: str, *, content: bool, resource: str = CORE) -> None:
        """Count a call; raises Refusal 403 when it is one too many.

        REST (`core`) and `graphql` are counted apart, what is written in both together.
        """
        bucket = self._bucket(key, resource)
        if bucket.used >= self._limit(key):
            headers = self.headers(key, resource)
            raise Refusal(403, f"API rate limit exceeded for {key}.", headers=headers)
        bucket.used += 1
        if content:
            self._spend_content(self._bucket(key))

    def refund(self, key: str) -> None:
        """Take a call back: a 304 is free."""
        bucket = self._bucket(key)
        bucket.used = max(0, bucket.used - 1)

    def headers(self, key: str, resource: str = CORE) -> dict[str, str]:
        bucket = self._bucket(key, resource)
        limit = self._limit(key)
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(0, limit - bucket.used)),
            "X-RateLimit-Reset": str(int(bucket.reset)),
            "X-RateLimit-Used": str(bucket.used),
            "X-RateLimit-Resource": resource,
        }

    def shape(self, key: str, resource: str = CORE) -> dict[str, int]:
        """The `rate` of `GET /rate_limit`."""
        bucket, limit = self._bucket(key, resource), self._limit(key)
        remaining = max(0, limit - bucket.used)
        used, reset = bucket.used, int(bucket.reset)
        return {"limit": limit, "used": used, "remaining": remaining, "reset": reset}

    def _limit(self, key: str) -> int:
        return min(ANONYMOUS, self.hourly) if key == "anonymous" else self.hourly

    def _bucket(self, key: str, resource: str = CORE) -> Bucket:
        now = self.clock()
        bucket = self._buckets.get((key, resource))
        if bucket is None:
            bucket = self._buckets[key, resource] = Bucket(now + HOUR)
        if now >= bucket.reset:
            bucket.reset, bucket.used = now + HOUR, 0
        return bucket

    def _spend_content(self, bucket: Bucket) -> None:
        now, written = self.clock(), bucket.written
        while written and written[0] <= now - HOUR:
            written.popleft()
        if len(written) >= self.content_hour:
            raise secondary(written[-self.content_hour] + HOUR - now)
        if len(written) >= self.content_minute:
            oldest = written[-self.content_minute]
            if oldest > now - MINUTE:
                raise secondary(oldest + MINUTE - now)
        written.append(now)


def secondary(seconds: float) -> Refusal:
    """Refuse as GitHub's secondary limit does; the primary one may have plenty left."""
    return Refusal(
        403,
        "You have exceeded a secondary rate limit and have been temporarily blocked from content "
        "creation. Please retry your request again later.",
        headers={"Retry-After": str(max(1, int(seconds + 0.999)))},
    )
