"""What `coppice agents try` shows: the agent at work, and what came of it."""

from dataclasses import asdict, dataclass
from typing import Any

from bot.agent.runtime import AgentEvent, Message, PermissionDecided, ToolFinished
from bot.cli.output import note, printable, say
from bot.github.texts import money
from bot.runs import Spend


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    agent: str
    ok: bool
    """Both files are there and do what they have to, by our own check in the box."""
    reason: str
    message: str
    model: str
    scripted: bool
    """The model was none: it shows that the agent works, not how good it is."""
    files: tuple[str, ...]
    seconds: float
    spend: Spend
    check: str = ""
    """What our own check said where the work is not there."""
    log: str = ""
    """The last line that the agent or its tools printed beside their words, there too."""

    def plain(self) -> dict[str, Any]:
        return asdict(self) | {"spend": self.spend.model_dump()}


def tell_wait(reason: str) -> None:
    if reason:
        say(f"  {printable(reason)[:300]}")


def tell(event: AgentEvent) -> None:
    match event:
        case Message(text=text):
            say(f"  says: {printable(text)[:200]}")
        case ToolFinished(title=title, ok=ok):
            say(f"  {'did' if ok else 'failed at'}: {printable(title)[:200]}")
        case PermissionDecided(title=title, allowed=False, reason=reason):
            say(f"  refused: {printable(title)[:150]} ({reason})")


def _price(spend: Spend) -> str:
    """Write it finer than elsewhere: one task is cheap."""
    if not spend.answered:
        return "nothing"
    if spend.unpriced:
        return "an unknown price"
    return "subscription" if spend.subscribed else f"${spend.usd:.4f}"


def show(tried: Tried) -> None:
    say(
        f"{tried.agent}: {'the work is there' if tried.ok else 'the work is not there'}"
        f" ({tried.reason}, {tried.seconds:g} s); files: {', '.join(tried.files) or 'none'}"
    )
    if not tried.ok and tried.message:
        say(f"  it ended with: {printable(tried.message)[:500]}")
    for what, line in (("its log ends with", tried.log), ("our check says", tried.check)):
        if line:
            say(f"  {what}: {printable(line)[:500]}")
    spend = tried.spend
    made = money.calls(spend.calls, spend.unanswered)
    say(
        f"cost: {_price(spend)}; {tried.model}: {made}, {spend.input_tokens:,} tokens in,"
        f" {spend.output_tokens:,} out"
    )
    if tried.scripted:
        note(
            "there is no COPPICE_MODEL_URL, so a SCRIPTED model answered, which is none:"
            " this shows that the agent works in this box, not how good it is"
        )
