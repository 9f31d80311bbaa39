"""How commands and agents are confined."""

import re
import sys
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode

from bot.settings.values import CONFIG, absolute, existing

HOST_AND_PORT = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?")
LEAST_MEMORY = 64 * 2**20
"""Bytes for a command in the box; a Python needs a fifth of it."""
MOST_MEMORY = 2**50
MOST_PIDS = 2**22
"""What Linux itself can count."""
MOST_PORT = 65535


class BoxSettings(BaseSettings):
    """How commands and agents are confined."""

    model_config = CONFIG

    box: Literal["auto", "bubblewrap", "landlock", "none"] = "auto"
    box_read: Annotated[tuple[Path, ...], NoDecode] = (Path(sys.prefix), Path(sys.base_prefix))
    """Directories outside the system's that commands in the box may read, `:` between them."""
    box_root: Path | None = None
    """An unpacked image whose programs and libraries the box shows instead of the host's."""
    box_memory: int = 4 * 2**30
    """For each command or agent with all its processes: bytes, or with K, M, G, T behind (`4G`)."""
    box_pids: int = Field(default=2048, ge=16, le=MOST_PIDS)
    """Processes and threads of each command or agent."""
    box_cpus: float | None = Field(default=None, ge=0.01, le=10_000, allow_inf_nan=False)
    """CPUs of each command or agent (`1.5`); all when it is not given."""
    egress: Annotated[tuple[str, ...], NoDecode] = ()
    """Hosts that `setup` commands may reach, `HOST` (its port 443) or `HOST:PORT`, by spaces."""

    @field_validator("box_read", mode="before")
    @classmethod
    def _split_paths(cls, value: object) -> object:
        return tuple(filter(None, value.split(":"))) if isinstance(value, str) else value

    @field_validator("box_read")
    @classmethod
    def _require_paths(cls, value: tuple[Path, ...]) -> tuple[Path, ...]:
        for path in value:
            if not path.is_absolute():
                raise ValueError(f"names {path}, which is no absolute path")
            existing(path)
        return value

    @field_validator("box_root")
    @classmethod
    def _absolute_root(cls, value: Path | None) -> Path | None:
        return None if value is None else absolute(value)

    @field_validator("box_memory", mode="before")
    @classmethod
    def _read_size(cls, value: object) -> object:
        found = re.fullmatch(r"(\d+) ?([KMGT]?)I?B?", str(value).strip().upper())
        if found is None:
            raise ValueError("must be a size such as 512M or 4G")
        size = int(found[1]) << {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}[found[2]]
        if size < LEAST_MEMORY:
            raise ValueError(f"must be at least {LEAST_MEMORY >> 20}M, or nothing starts")
        if size > MOST_MEMORY:
            raise ValueError(f"must be at most {MOST_MEMORY >> 40}T")
        return size

    @field_validator("egress", mode="before")
    @classmethod
    def _split_hosts(cls, value: object) -> object:
        hosts = value.replace(",", " ").split() if isinstance(value, str) else value
        for host in hosts if isinstance(hosts, list) else ():
            found = HOST_AND_PORT.fullmatch(host)
            if found is None or int((found[2] or ":443")[1:]) > MOST_PORT:
                raise ValueError(f"names {host!r}: write HOST or HOST:PORT, without https://")
        return hosts
