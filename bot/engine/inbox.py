"""What a run was told and has not acted on yet: the one place that receives messages."""

from dataclasses import dataclass, field

from bot.engine.durable.steps import receive, receive_in_full
from bot.runs import Message, MessageKind


@dataclass(slots=True)
class Inbox:
    """Kept in the workflow's memory; a replay receives the same messages in the same order."""

    kept: list[Message] = field(default_factory=list)
    """What was received and comes next, oldest first."""
    later: list[Message] = field(default_factory=list)
    """What nothing can be done about before the run has come further."""

    async def next(self, seconds: float, *, in_full: bool = False) -> Message | None:
        """Give the oldest kept message, else the next that comes within ``seconds``.

        ``in_full``: None has to mean that the time is over.
        """
        if self.kept:
            return self.kept.pop(0)
        return await (receive_in_full if in_full else receive)(seconds)

    def put_off(self, message: Message) -> None:
        self.later.append(message)

    def take_up(self) -> None:
        """Have what was put off come next."""
        self.kept, self.later = [*self.later, *self.kept], []

    def take(self, *kinds: MessageKind) -> list[Message]:
        """Take out the kept messages of these kinds, oldest first."""
        found = [message for message in self.kept if message.kind in kinds]
        self.kept = [message for message in self.kept if message.kind not in kinds]
        return found
