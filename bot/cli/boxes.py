"""The box that the settings ask for."""

from bot.box import Box, Limits, probe
from bot.settings import BoxSettings


async def find_box(settings: BoxSettings) -> Box:
    """Try it out; raises OperatorError with how to mend it."""
    return await probe(
        settings.box,
        read=settings.box_read,
        root=settings.box_root,
        limits=Limits(
            memory_bytes=settings.box_memory,
            processes=settings.box_pids,
            cpus=settings.box_cpus,
        ),
    )
