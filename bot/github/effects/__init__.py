"""Write to GitHub: every effect is looked up before it is created, and written down in the ledger.

At least once by the engine becomes once by this: the ledger says what we believe, GitHub what is.
"""

from bot.github.effects.apply import Effects
from bot.github.effects.git import Pusher

__all__ = ["Effects", "Pusher"]
