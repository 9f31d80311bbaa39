"""The systemd units: what systemd itself says of them, and started by it with all they forbid."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
import yaml

from tests.deploy.rig import ROOT, Rig, booted, require_systemd
from tests.postgres import USER, Server
from tests.service.world import Json, Program, World
from tests.telemetry.names import series

UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
NOTE = {"attempts": [[{"write": "NOTES.md", "text": "A note.\n"}]]}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("units"),
]


one_place = pytest.mark.asyncio(loop_scope="module")


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze here (apt-get install systemd)")
    command = ["systemd-analyze", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_systemd_understands_every_line() -> None:
    said = analyze("verify", *UNITS).stderr.splitlines()

    assert [line for line in said if "coppice is not executable" not in line] == []


@pytest.mark.parametrize(("unit", "most"), [("coppice", 35), ("coppice-web", 15)])
def test_they_stay_as_closed_as_they_are(unit: str, most: int) -> None:
    path = ROOT / "deploy" / "systemd" / f"{unit}.service"

    done = analyze("security", "--offline=true", f"--threshold={most}", path)

    assert done.returncode == 0, done.stdout[-200:]


@dataclass
class Site:
    rig: Rig
    world: World

    async def answer(self, port: int, path: str) -> str:
        async with self.world.session.get(f"http://127.0.0.1:{port}{path}") as answer:
            return await answer.text()

    async def ready(self, port: int) -> None:
        try:
            async with asyncio.timeout(150):
                while True:
                    try:
                        async with self.world.session.get(
                            f"http://127.0.0.1:{port}/readyz"
                        ) as answer:
                            if answer.status == 200:
                                return
                    except aiohttp.ClientError:
                        pass
                    await asyncio.sleep(0.2)
        except TimeoutError:
            raise AssertionError(self.rig.log()) from None

    async def pull_request(self) -> Json:
        """Label an issue, and wait for what grows from it."""
        issue = await self.world.issue()
        self.rig.run(
            "sh", "-c", f"cat >/etc/coppice/scripts/{issue}.yaml <<'X'\n{yaml.dump(NOTE)}X"
        )
        await self.world.label(issue)
        try:
            async with asyncio.timeout(150):
                while not (found := await self.world.repo("GET", "/pulls")):
                    await asyncio.sleep(0.3)
        except TimeoutError:
            raise AssertionError(self.rig.log()) from None
        return found[0]


@asynccontextmanager
async def placed(folder: Path, port: int, shared: Path, more: str = "") -> AsyncIterator[Site]:
    """A forge, and a systemd that has the settings for it."""
    require_systemd()
    settings = folder / "settings"
    (settings / "scripts").mkdir(parents=True)
    arguments = ("forge", "--json", "--state", str(folder / "forge"), "--seed", "demo")
    forge = await Program.start(folder / "forge.log", arguments, {})
    ready = forge.ready
    shutil.copy(ready["private_key_file"], settings / "key.pem")
    (settings / "webhook-secret").write_text(ready["webhook_secret"])
    (settings / "config.yml").write_text("verify: {test: 'true'}\n")
    (settings / "coppice.env").write_text(
        f"COPPICE_GITHUB_URL={ready['api_url']}\nCOPPICE_GITHUB_HTML_URL={ready['html_url']}\n"
        f"COPPICE_APP_ID={ready['app_id']}\nCOPPICE_PRIVATE_KEY_FILE=/etc/coppice/key.pem\n"
        "COPPICE_WEBHOOK_SECRET_FILE=/etc/coppice/webhook-secret\nCOPPICE_AGENT=scripted\n"
        f"COPPICE_SCRIPTS=/etc/coppice/scripts\nCOPPICE_PORT={port}\n"
        f"COPPICE_CONFIG_FILE=/etc/coppice/config.yml\n{more}"
    )
    async with aiohttp.ClientSession() as session:
        world = World(folder, forge, session, {}, port=port)
        try:
            hook = {"url": f"http://127.0.0.1:{port}/webhook"}
            await world.call_app("PATCH", "/app/hook/config", hook)
            async with booted(folder, settings, shared) as rig:
                yield Site(rig, world)
        finally:
            await forge.kill()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """One machine for the tests of `coppice.service`, which follow each other."""
    folder, shared = tmp_path_factory.mktemp("place"), tmp_path_factory.mktemp("shared")
    async with placed(folder, await free_port(), shared) as site:
        yield site


@pytest_asyncio.fixture(loop_scope="module")
async def cluster(tmp_path: Path, postgresql_server: Server) -> AsyncIterator[Site]:
    """With a PostgreSQL whose socket the units see."""
    postgresql_server.folder.chmod(0o711)
    postgresql_server.ask("CREATE DATABASE coppice")
    url = f"COPPICE_DATABASE_URL=postgresql://{USER}@/coppice?host=/srv/shared\n"
    async with placed(tmp_path, await free_port(), postgresql_server.folder, url) as site:
        yield site


@one_place
async def test_the_service_grows_a_pull_request_in_the_whole_box(place: Site) -> None:
    place.rig.start("coppice.service")
    await place.ready(place.world.port)

    pull_request = await place.pull_request()

    assert pull_request["draft"]
    shown = series(await place.answer(place.world.port, "/metrics"))
    boxes = {name: level for name, level in shown.items() if "box_level" in name}
    assert boxes == {"coppice_box_level{name=bubblewrap}": 3}
    assert place.rig.say("stat", "-c", "%a %U", "/var/lib/coppice") == "700 coppice"


@one_place
async def test_it_comes_back_after_a_kill_and_ends_in_order_when_told(place: Site) -> None:
    place.rig.start("coppice.service")
    await place.ready(place.world.port)
    place.rig.run("systemctl", "kill", "--signal=KILL", "coppice.service")
    await asyncio.sleep(3)
    await place.ready(place.world.port)

    restarts = place.rig.say("systemctl", "show", "coppice", "-p", "NRestarts", "--value")
    place.rig.run("systemctl", "stop", "coppice.service")

    assert restarts == "1"
    assert place.rig.say("systemctl", "show", "coppice", "-p", "Result", "--value") == "success"


@one_place
async def test_a_setting_that_is_wrong_is_not_tried_for_ever(place: Site) -> None:
    place.rig.run("sh", "-c", "echo COPPICE_LIMIT_WORKER=none >>/etc/coppice/coppice.env")
    place.rig.run("systemctl", "stop", "coppice.service")
    place.rig.run("systemctl", "start", "coppice.service")
    async with asyncio.timeout(150):
        while place.rig.say("systemctl", "is-active", "coppice.service") != "failed":
            await asyncio.sleep(0.2)
    await asyncio.sleep(3)  # longer than the pause before a restart

    assert place.rig.say("systemctl", "is-active", "coppice.service") == "failed"
    assert place.rig.say("systemctl", "show", "coppice", "-p", "NRestarts", "--value") == "0"
    assert "COPPICE_LIMIT_WORKER" in place.rig.log()


@one_place
async def test_web_and_worker_share_the_work_over_postgresql(cluster: Site) -> None:
    cluster.rig.start("coppice-migrate.service")
    port = await free_port()
    cluster.rig.run(
        *("sed", "-i", f"s/COPPICE_PORT=808%i/COPPICE_PORT={port}/"),
        "/etc/systemd/system/coppice-worker@.service",
    )
    cluster.rig.run("systemctl", "daemon-reload")
    cluster.rig.start("coppice-web.service", "coppice-worker@1.service")
    await cluster.ready(cluster.world.port)
    await cluster.ready(port)

    pull_request = await cluster.pull_request()

    assert pull_request["draft"]
    worker = series(await cluster.answer(port, "/metrics"))
    web = series(await cluster.answer(cluster.world.port, "/metrics"))
    assert (worker["coppice_leader"], worker["coppice_box_level{name=bubblewrap}"]) == (1, 3)
    assert worker["coppice_workers{state=alive}"] == 1
    assert web["coppice_deliveries_journalled_total{outcome=new}"] > 0
    assert "coppice_leader" not in web


async def free_port() -> int:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = int(server.sockets[0].getsockname()[1])
    server.close()
    await server.wait_closed()
    return port
