"""What all rooms of the forge share: the state, and who hears of its changes, limits and faults."""

from bot.forge.background import Background
from bot.forge.events import Events
from bot.forge.faults import Faults
from bot.forge.hooks import Hooks
from bot.forge.limits import Limits
from bot.forge.schema.description import rest_description, webhook_description
from bot.forge.state import State


class House:
    """``strict``: an answer or event that does not fit GitHub's description is a failure."""

    def __init__(self, state: State, *, strict: bool = True) -> None:
        self.state = state
        self.strict = strict
        self.background = Background(state.violations)
        self.faults = Faults()
        self.limits = Limits(lambda: state.clock())
        self.hooks = Hooks(state, self.faults)
        self.description = rest_description()
        self.events = Events(
            state=state, hooks=self.hooks, description=webhook_description(), strict=strict
        )
