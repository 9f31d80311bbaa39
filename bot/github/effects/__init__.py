"""Write to GitHub: every effect is looked up before it is created, and written down in the ledger.

At least once by the engine becomes once by this: the ledger says what we believe, GitHub what is.
"""

from bot.github.effects.apply import Effects, Pusher
from bot.github.effects.call import Declaration

__all__ = ["Declaration", "Effects", "Pusher"]
