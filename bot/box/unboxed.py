"""COPPICE_BOX=none: an empty environment, limits and a clean end, but nothing is confined."""

from collections.abc import Sequence
from contextlib import ExitStack

from bot.box.command import BoxLevel, Command
from bot.box.on_host import Confinement, OnHost


class Unboxed(OnHost):
    @property
    def level(self) -> BoxLevel:
        return BoxLevel.NONE

    def _confined(self, command: Command, ports: Sequence[int], held: ExitStack) -> Confinement:
        return Confinement()
