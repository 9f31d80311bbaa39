"""How a process is confined: commands of a repository, and agents."""

from bot.box.command import Box, BoxLevel, Command, Outcome
from bot.box.mount import GIT, TREE, Mount
from bot.box.probe import Choice, probe
from bot.box.process import BoxedProcess

__all__ = [
    "GIT",
    "TREE",
    "Box",
    "BoxLevel",
    "BoxedProcess",
    "Choice",
    "Command",
    "Mount",
    "Outcome",
    "probe",
]
