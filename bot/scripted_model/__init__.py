"""The local stand-in for endpoints of models; imports nothing of the rest of the house.

It shows protocols and enforcement, not how clever an agent is: what it answers is in a file.
"""

from bot.scripted_model.scenario import Fault, FaultKind, Play, Scenario, Step, Usage, load
from bot.scripted_model.server import ScriptedModel, Seen

__all__ = [
    "Fault",
    "FaultKind",
    "Play",
    "Scenario",
    "ScriptedModel",
    "Seen",
    "Step",
    "Usage",
    "load",
]
