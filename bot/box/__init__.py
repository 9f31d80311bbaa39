"""How a process is confined: commands of a repository, and agents."""

from bot.box.command import Box, BoxLevel, Command, Outcome
from bot.box.forward import Forward
from bot.box.mount import GIT, TREE, Mount, readonly
from bot.box.probe import Choice, probe
from bot.box.process import BoxedProcess
from bot.box.surroundings import Limits

__all__ = [
    "GIT",
    "TREE",
    "Box",
    "BoxLevel",
    "BoxedProcess",
    "Choice",
    "Command",
    "Forward",
    "Limits",
    "Mount",
    "Outcome",
    "probe",
    "readonly",
]
