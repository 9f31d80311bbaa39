"""The box that the settings ask for."""

from pathlib import Path

from bot.box import Box, Limits, probe
from bot.settings import PREFIX, BoxSettings


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


def environment(settings: BoxSettings) -> dict[str, str]:
    """Give another process of ours the same box."""
    given = {name: getattr(settings, name) for name in BoxSettings.model_fields}
    return {
        f"{PREFIX}{name.upper()}": _written(value, ":" if _paths(value) else " ")
        for name, value in given.items()
        if value not in (None, ())
    }


def _paths(value: object) -> bool:
    return isinstance(value, tuple) and any(isinstance(each, Path) for each in value)


def _written(value: object, between: str) -> str:
    return between.join(map(str, value)) if isinstance(value, tuple) else str(value)
