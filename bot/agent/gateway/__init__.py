"""The metering model proxy: a Unix socket for each attempt, the key outside, a bound on spending.

What is bounded where an endpoint lies about its usage: too much is counted as it says; none, or
less than one token in 64 bytes of the request, is replaced by an estimate; turns and minutes are
counted here and bind whatever it says.
"""

from bot.agent.gateway.gateway import Gateway
from bot.agent.gateway.job import Job

__all__ = ["Gateway", "Job"]
