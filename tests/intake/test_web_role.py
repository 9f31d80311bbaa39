"""A process that only takes deliveries in: small, and told nothing that could write to GitHub."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
HEAVY = ("alembic", "cryptography", "dbos", "pydantic", "sqlalchemy", "yaml")


def run(*arguments: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    named = {f"COPPICE_{name}": value for name, value in settings.items()}
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **named}
    return subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False
    )


def test_it_loads_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    loads = "import bot.cli, bot.cli.serve, sys; print(*sys.modules)"

    done = run("-c", loads, folder=tmp_path)

    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert loaded.isdisjoint(HEAVY)
    assert "aiohttp" in loaded


def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    done = run("-m", "bot", "serve", "--role", "web", folder=tmp_path, PORT="many")

    assert done.returncode == 2
    assert done.stderr.startswith("coppice: COPPICE_")
    assert "COPPICE_PORT " in done.stderr
    assert "COPPICE_WEBHOOK_SECRET is missing" in done.stderr
    assert "APP_ID" not in done.stderr


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(
            *("-m", "bot", "serve", "--role", "web"),
            folder=tmp_path,
            WEBHOOK_SECRET="s" * 32,
            PORT=str(port),
        )

    assert done.returncode == 4
    said = f"port {port} on 127.0.0.1 cannot be had (Address already in use)"
    assert said in done.stderr


def test_a_host_that_is_not_this_machine_is_said(tmp_path: Path) -> None:
    done = run(
        *("-m", "bot", "serve", "--role", "web"),
        folder=tmp_path,
        WEBHOOK_SECRET="s" * 32,
        HOST="nowhere.invalid",
        PORT="0",
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert "COPPICE_HOST=nowhere.invalid cannot be listened on" in done.stderr
    assert "Traceback" not in done.stderr
