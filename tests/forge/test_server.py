"""Starting a forge: the ready line, what it leaves in its directory, what it refuses."""

import json
import stat
from pathlib import Path

import pytest

from bot.forge.seed import seed_demo
from bot.forge.server import ForgeRefused, running
from tests.forge.running import Forge


async def test_the_ready_line_has_all_that_a_client_needs(forge: Forge) -> None:
    ready = forge.running.ready

    assert set(ready) == {
        "api_url",
        "html_url",
        "app_id",
        "installation_id",
        "webhook_secret",
        "private_key_file",
        "repository",
        "issue",
        "users",
    }
    assert set(ready["users"]) == {"maintainer", "triager", "reader", "stranger"}
    assert Path(ready["private_key_file"]).read_text() == forge.private_key
    for user in ready["users"].values():
        assert (await forge.get("/user", by=user["token"])).body["login"] == user["login"]


async def test_the_directory_keeps_the_line_for_its_owner_alone(forge: Forge) -> None:
    line = forge.state.directory / "forge.json"

    assert json.loads(line.read_text()) == {**forge.running.ready, "clone_url": forge.clone_url}
    assert stat.S_IMODE(line.stat().st_mode) == 0o600
    key = Path(forge.running.ready["private_key_file"])
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


async def test_another_forges_directory_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path, seed_demo):
        pass

    with pytest.raises(ForgeRefused, match="holds the repositories of another forge"):
        async with running(tmp_path, seed_demo):
            pass


async def test_a_taken_port_is_an_error(forge: Forge, tmp_path: Path) -> None:
    port = int(forge.api_url.rsplit(":", 1)[1])

    with pytest.raises(OSError, match="address already in use"):
        async with running(tmp_path / "second", seed_demo, port=port):
            pass
