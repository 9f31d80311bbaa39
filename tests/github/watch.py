"""A clock that tests turn: sleeping takes no time but is written down."""

from dataclasses import dataclass, field

from bot.github.clock import Clock


@dataclass
class Watch:
    at: float = 1_000_000_000.0
    slept: list[float] = field(default_factory=list)

    def pass_time(self, seconds: float) -> None:
        self.at += seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds

    @property
    def clock(self) -> Clock:
        return Clock(now=lambda: self.at, monotonic=lambda: self.at, sleep=self.sleep)
