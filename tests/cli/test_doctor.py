"""`coppice doctor` against a forge: all is well, and each thing that can be wrong."""

import base64
import hashlib
import json
import os
import socket
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.cli.check import Check
from bot.cli.doctor import examine
from bot.engine.cluster import lock
from bot.forge.seed import seed_demo
from bot.forge.server import Running, running
from tests.cli.shell import COMMAND, ROOT

WEBHOOK = "https://coppice.example/webhook"


@pytest.fixture
async def forge(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path / "forge", seed_demo, webhook_url=WEBHOOK) as it:
        yield it


@pytest.fixture
def operator(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, forge: Running) -> pytest.MonkeyPatch:
    """An operator's environment in which everything is right."""
    monkeypatch.chdir(tmp_path)
    given = {
        "GITHUB_URL": forge.ready["api_url"],
        "APP_ID": forge.ready["app_id"],
        "PRIVATE_KEY_FILE": forge.ready["private_key_file"],
        "WEBHOOK_SECRET": forge.ready["webhook_secret"],
        "DATA_DIR": tmp_path / "data",
        "PORT": 0,
    }
    for name, value in given.items():
        monkeypatch.setenv(f"COPPICE_{name}", str(value))
    return monkeypatch


async def bad() -> dict[str, Check]:
    return {check.check: check for check in await examine() if not check.ok}


async def test_a_right_installation_is_all_ok(operator: pytest.MonkeyPatch) -> None:
    assert await bad() == {}


async def test_each_setting_is_shown_and_no_secret(
    operator: pytest.MonkeyPatch, forge: Running
) -> None:
    shown = json.dumps([(check.check, check.detail) for check in await examine()])

    assert '"COPPICE_LIMIT_WORKER", "2"' in shown
    assert '"COPPICE_BUDGET_RUN", "2usd 30min"' in shown
    assert '"COPPICE_BUDGET_MONTH", "50usd"' in shown
    assert '"attempts", "3 a run' in shown
    assert forge.ready["webhook_secret"] not in shown
    assert "PRIVATE KEY--" not in shown


@pytest.mark.parametrize(
    "name", ["COPPICE_TRACES", "OTEL_EXPORTER_OTLP_ENDPOINT", "HTTPS_PROXY", "COPPICE_MODEL_URL"]
)
async def test_a_password_in_an_address_is_not_shown(
    operator: pytest.MonkeyPatch, name: str
) -> None:
    operator.setenv(name, "http://ana:correct-horse@127.0.0.1:9/x")
    operator.setenv("NO_PROXY", "127.0.0.1,localhost")

    found = {check.check: check.detail for check in await examine()}

    assert found[name] == "set (http://…)"
    assert "correct-horse" not in json.dumps(found)


async def test_a_misspelt_setting_is_named_with_the_nearest(operator: pytest.MonkeyPatch) -> None:
    operator.setenv("COPPICE_LIMIT_WORKERS", "3")

    assert "did you mean COPPICE_LIMIT_WORKER?" in (await bad())["COPPICE_LIMIT_WORKERS"].mend


async def test_a_bad_setting_leaves_the_checks_of_the_machine(
    operator: pytest.MonkeyPatch,
) -> None:
    operator.setenv("COPPICE_WEBHOOK_SECRET", "")

    found = await examine()

    assert {"COPPICE_WEBHOOK_SECRET", "git", "sqlite"} == {check.check for check in found}


async def test_a_short_webhook_secret_is_named(operator: pytest.MonkeyPatch) -> None:
    operator.setenv("COPPICE_WEBHOOK_SECRET", "short")

    assert "5 characters" in (await bad())["COPPICE_WEBHOOK_SECRET"].detail


async def test_the_key_of_another_app_is_named(operator: pytest.MonkeyPatch) -> None:
    operator.setenv("COPPICE_APP_ID", "99999")

    assert (await bad())["App"].detail.startswith("GitHub answers 401")


async def test_permissions_and_events_are_held_against_the_manifest(
    operator: pytest.MonkeyPatch, forge: Running
) -> None:
    app = forge.installation.app
    app.permissions.update(contents="read", administration="write")
    del app.permissions["checks"]
    app.events.remove("check_run")

    found = await bad()

    assert set(found) == {"App permissions", "App events"}
    assert found["App permissions"].detail == (
        "contents is read, not write; checks is none, not write;"
        " administration is write, more than it needs"
    )
    assert found["App events"].detail == "not subscribed: check_run"


@pytest.mark.parametrize(
    ("name", "value", "check", "said"),
    [
        ("AGENT", "gpt", "agent", "there is no such agent; known: loop"),
        ("BOX_READ", "/nonexistent", "COPPICE_BOX_READ", "names /nonexistent"),
        ("BOX_READ", "tools", "COPPICE_BOX_READ", "no absolute path"),
        ("CONFIG_FILE", "rules.yml", "COPPICE_CONFIG_FILE", "`verfy`"),
        ("ERRORS_FILE", "classes.yml", "COPPICE_ERRORS_FILE", "cannot be read"),
        ("DATABASE_URL", "postgresql://u@127.0.0.1:1/x", "database", "refused"),
        ("DATABASE_URL", "sqlite://", "database", "the path of a file"),
        ("HOST", "nowhere.invalid", "port", "nowhere.invalid:0 cannot be had"),
    ],
)
async def test_what_a_setting_names_is_tried(
    operator: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str, check: str, said: str
) -> None:
    (tmp_path / "rules.yml").write_text("verfy: {test: pytest}\n")
    (tmp_path / "classes.yml").write_text("[")
    operator.setenv(f"COPPICE_{name}", value)

    found = await bad()

    assert said in found[check].detail
    assert found[check].mend


async def test_rules_of_the_operator_that_cannot_be_read_end_the_service(
    operator: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Else every label would be answered with what only the operator can mend."""
    (tmp_path / "rules.yml").write_text("verfy: {test: pytest}\n")
    operator.setenv("COPPICE_CONFIG_FILE", "rules.yml")

    done = subprocess.run(
        [*COMMAND, "serve"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert "COPPICE_CONFIG_FILE" in done.stderr
    assert "`verfy`" in done.stderr


async def test_a_port_that_another_program_has_is_named(operator: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        operator.setenv("COPPICE_PORT", str(other.getsockname()[1]))

        assert "COPPICE_PORT" in (await bad())["port"].mend


async def test_a_service_that_runs_has_its_port(
    operator: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    with lock.hold(tmp_path / "data"), socket.create_server(("127.0.0.1", 0)) as own:
        operator.setenv("COPPICE_PORT", str(own.getsockname()[1]))

        assert await bad() == {}


async def test_a_misspelt_setting_in_the_file_is_named_too(
    operator: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("COPPICE_LIMIT_WORKR=3\nOTHER=1\n")

    assert set(await bad()) == {"COPPICE_LIMIT_WORKR"}


async def test_a_file_of_settings_that_is_not_text_is_named(
    operator: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_bytes(b"COPPICE_AGENT=\xff\n")

    assert "not UTF-8" in (await bad())[".env"].detail


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("content_type", "form", "as form"), ("secret", "", "has no secret")],
)
async def test_a_webhook_that_cannot_be_read_is_named(
    operator: pytest.MonkeyPatch, forge: Running, name: str, value: str, said: str
) -> None:
    setattr(forge.installation.app.hook, name, value)

    assert said in (await bad())["App webhook"].detail


async def test_secrets_that_differ_show_in_the_newest_delivery(
    operator: pytest.MonkeyPatch, forge: Running, aiohttp_server: Any
) -> None:
    from aiohttp import web

    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=401)

    app = web.Application()
    app.router.add_post("/webhook", refuse)
    server = await aiohttp_server(app)
    forge.installation.app.hook.url = str(server.make_url("/webhook"))
    forge.forge.events.to_app("ping", forge.installation.app, None, {"zen": "", "hook_id": 1})
    await forge.forge.hooks.settled()

    assert "the secrets differ" in (await bad())["newest delivery"].detail


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (200, {"Content-Type": "application/json"}, "{}"),
        (200, {"Content-Type": "text/html"}, "<p>Sign in"),
        (404, {"Content-Type": "text/html"}, "Not Found"),
    ],
)
async def test_an_address_that_is_no_api_is_named(
    operator: pytest.MonkeyPatch,
    aiohttp_server: Any,
    status: int,
    headers: dict[str, str],
    body: str,
) -> None:
    from aiohttp import web

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, headers=headers, body=body)

    app = web.Application()
    app.router.add_get("/app", answer)
    operator.setenv("COPPICE_GITHUB_URL", str((await aiohttp_server(app)).make_url("")))

    assert "COPPICE_GITHUB_URL" in (await bad())["App"].mend


async def test_json_that_is_none_and_a_date_that_is_none_are_one_line(
    operator: pytest.MonkeyPatch, aiohttp_server: Any
) -> None:
    from aiohttp import web

    async def answer(_: web.Request) -> web.Response:
        sent = {"Content-Type": "application/json", "Date": "yesterday"}
        return web.Response(headers=sent, body="{")

    app = web.Application()
    app.router.add_get("/app", answer)
    operator.setenv("COPPICE_GITHUB_URL", str((await aiohttp_server(app)).make_url("")))

    assert set(await bad()) == {"GitHub"}


@pytest.mark.parametrize(
    ("url", "detail"), [("", "no address is set"), ("https://x.example/", "https://x.example/")]
)
async def test_a_webhook_that_leads_elsewhere_is_named(
    operator: pytest.MonkeyPatch, forge: Running, url: str, detail: str
) -> None:
    forge.installation.app.hook.url = url
    operator.setenv("COPPICE_PUBLIC_URL", "https://coppice.example")

    assert (await bad())["App webhook"].detail == detail


async def test_an_app_that_is_installed_nowhere_is_named(
    operator: pytest.MonkeyPatch, forge: Running
) -> None:
    forge.forge.state.installations.clear()

    assert set(await bad()) == {"App installations"}


async def test_a_clock_that_is_wrong_is_named(
    operator: pytest.MonkeyPatch, tmp_path: Path, aiohttp_server: Any
) -> None:
    from aiohttp import web

    async def late(_: web.Request) -> web.Response:
        date = {"Date": "Thu, 01 Jan 2026 00:00:00 GMT"}
        return web.json_response(
            {"message": "'Issued at' is in the future"}, status=401, headers=date
        )

    app = web.Application()
    app.router.add_get("/app", late)
    server = await aiohttp_server(app)
    operator.setenv("COPPICE_GITHUB_URL", str(server.make_url("")))

    assert set(await bad()) == {"clock", "App"}


async def test_a_github_that_does_not_answer_is_one_line(operator: pytest.MonkeyPatch) -> None:
    operator.setenv("COPPICE_GITHUB_URL", "http://127.0.0.1:9")

    found = await bad()

    assert set(found) == {"GitHub"}
    assert "http://127.0.0.1:9" in found["GitHub"].detail


async def test_the_scripted_agent_is_for_the_forge_only(operator: pytest.MonkeyPatch) -> None:
    operator.setenv("COPPICE_GITHUB_URL", "https://github.invalid/api/v3")

    assert "agent" in await bad()


async def test_a_box_that_cannot_be_had_says_how_to_get_it(
    operator: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    git = tmp_path / "bin" / "git"
    git.parent.mkdir()
    git.symlink_to("/usr/bin/git")
    operator.setenv("PATH", str(git.parent))
    operator.setenv("COPPICE_BOX", "bubblewrap")

    assert "COPPICE_BOX=none" in (await bad())["box"].mend


async def test_the_key_is_named_as_on_the_page_of_the_app(operator: pytest.MonkeyPatch) -> None:
    made = Path(os.environ["COPPICE_PRIVATE_KEY_FILE"])
    der = subprocess.run(
        ["openssl", "rsa", "-in", made, "-pubout", "-outform", "DER"],
        capture_output=True,
        check=True,
    ).stdout
    wanted = base64.b64encode(hashlib.sha256(der).digest()).decode()
    found = {check.check: check for check in await examine()}

    assert found["App key"].detail == f"SHA256:{wanted}, from {made}"


async def test_a_key_that_others_may_read_is_named(
    operator: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key = tmp_path / "key.pem"
    key.write_text(Path(os.environ["COPPICE_PRIVATE_KEY_FILE"]).read_text())
    key.chmod(0o644)
    operator.setenv("COPPICE_PRIVATE_KEY_FILE", str(key))

    assert (await bad())["App key"].mend == f"Type: chmod 600 {key}"
