"""Backup, restore, move, verify, support: against the real service, with runs that wait."""

import asyncio
import os
import re
import sys
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.postgres import Server
from tests.service.gate import GATED, note, planned, shown
from tests.service.workers import QUICK
from tests.service.world import ROOT, Json, World, world

pytestmark = [pytest.mark.slow, pytest.mark.sqlite]


@pytest.fixture
async def gated(tmp_path: Path) -> AsyncIterator[World]:
    """A world on SQLite in which every plan waits."""
    url = f"sqlite:///{tmp_path}/coppice/coppice.sqlite"
    async with world(tmp_path, forked=True, COPPICE_DATABASE_URL=url) as started:
        await started.write_file(".github/coppice.yml", GATED)
        yield started


async def coppice(here: World, *arguments: str, **settings: str) -> tuple[int, str]:
    """Type a command; answer its exit code and everything that it says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"PATH": os.environ["PATH"], "HOME": "/", **here.settings, **settings},
        cwd=ROOT,
    )
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


async def now_on(here: World, **settings: str) -> None:
    """Have the world's service and its looks go to another place."""
    if here.database is not None:
        await here.database.close()
        here.database = None
    here.settings.update(settings)


async def approve(here: World, issue: int) -> Json:
    """Approve the plan that waits, and wait for the end of its run."""
    found = re.search(r"Approve plan `([0-9a-f]{8})`", (await shown(here, issue))["body"])
    assert found is not None
    await here.comment(issue, f"/coppice approve {found[1]}")
    return await here.ended(issue)


async def stop(here: World) -> None:
    assert here.service is not None
    await here.service.stop()


async def test_a_moved_run_goes_on_at_its_gate_under_the_same_id(
    gated: World, postgresql_server: Server
) -> None:
    issue, before = await planned(gated)
    await shown(gated, issue)
    said = await gated.said(issue)
    url = postgresql_server.empty()
    await stop(gated)

    code, output = await coppice(gated, "move", "--to", url)

    assert code == 0, output
    assert "runs: 1 rows, the same on both sides" in output
    code, output = await coppice(gated, "serve")
    assert (code, "moved to PostgreSQL" in output) == (2, True)
    await now_on(gated, COPPICE_DATABASE_URL=url)
    await gated.serve()
    run = await approve(gated, issue)
    assert (run["id"], run["status"]) == (before["id"], "done"), run
    assert len(await gated.said(issue)) == len(said)
    assert len(await gated.repo("GET", "/pulls")) == 1


async def test_a_move_takes_runs_in_every_state_along(
    gated: World, postgresql_server: Server
) -> None:
    """One waits for people, one is followed, one has failed, one is stopped, two are at work."""
    waits, _ = await planned(gated)
    await shown(gated, waits)
    await gated.write_file(".github/coppice.yml", QUICK)
    followed, fails, first, second = [await gated.issue() for _ in range(4)]
    gated.script(followed, [note(followed)])
    gated.script(fails, [{"say": "nothing"}])
    for issue, status in ((followed, "done"), (fails, "failed")):
        await gated.label(issue)
        assert (await gated.ended(issue))["status"] == status
    for issue in (first, second):
        gated.script(issue, [{"hang": 600}])
        await gated.label(issue)
        await gated.at(issue, "implement")
    stopped = await gated.issue()
    gated.script(stopped, [{"hang": 600}])
    await gated.label(stopped)
    await gated.comment_that(stopped, lambda body: "**Queued" in body)
    await gated.comment(stopped, "/coppice stop")
    assert (await gated.ended(stopped))["status"] == "cancelled"
    before = {row["issue"]: row["id"] for row in await gated.runs()}
    await stop(gated)

    url = postgresql_server.empty()
    code, output = await coppice(gated, "move", "--to", url)

    assert code == 0, output
    for issue in (first, second, fails, stopped):
        gated.script(issue, [note(issue)])
    await now_on(gated, COPPICE_DATABASE_URL=url)
    await gated.serve()
    assert [(await gated.ended(issue))["status"] for issue in (first, second)] == ["done"] * 2
    assert (await approve(gated, waits))["status"] == "done"
    for issue in (fails, stopped):
        await gated.comment(issue, "/coppice retry")
    await gated.until(lambda rows: all(row["status"] == "done" for row in rows))
    assert {row["issue"]: row["id"] for row in await gated.runs()} == before
    assert len(await gated.repo("GET", "/pulls")) == len(before)
    assert await coppice(gated, "verify-store", "--live", "--json") == (0, "[]\n")


async def test_a_moved_run_still_follows_its_pull_request(
    gated: World, postgresql_server: Server
) -> None:
    issue, _ = await planned(gated)
    before = await approve(gated, issue)
    url = postgresql_server.empty()
    await stop(gated)
    code, output = await coppice(gated, "move", "--to", url)
    assert code == 0, output
    await now_on(gated, COPPICE_DATABASE_URL=url)
    await gated.serve()

    await gated.repo("PATCH", f"/pulls/{before['pull_request']}", {"state": "closed"})

    rows = await gated.until(lambda rows: not rows[0]["following"])
    assert [(row["id"], row["status"]) for row in rows] == [(before["id"], "cancelled")]


async def test_a_backup_made_under_way_goes_on_elsewhere(gated: World, tmp_path: Path) -> None:
    issue, before = await planned(gated)
    file, new = tmp_path / "backup.tar", tmp_path / "new"

    code, output = await coppice(gated, "backup", "--to", str(file))

    assert code == 0, output
    await gated.kill()
    settings = {
        "COPPICE_DATA_DIR": str(new),
        "COPPICE_DATABASE_URL": f"sqlite:///{new}/coppice.sqlite",
    }
    code, output = await coppice(gated, "restore", str(file), **settings)
    assert code == 0, output
    assert "Runs go on where they were." in output
    await now_on(gated, **settings)
    await gated.serve()
    run = await approve(gated, issue)
    assert (run["id"], run["status"]) == (before["id"], "done"), run
    code, output = await coppice(gated, "audit", "verify")
    assert code == 0, output


async def test_a_running_service_is_neither_moved_nor_restored_over(
    gated: World, tmp_path: Path, postgresql_url: str
) -> None:
    file = tmp_path / "backup.tar"
    await coppice(gated, "backup", "--to", str(file))

    moved = await coppice(gated, "move", "--to", postgresql_url)
    restored = await coppice(gated, "restore", str(file))

    assert [code for code, _ in (moved, restored)] == [3, 3]
    assert "is in use by process" in moved[1]


async def test_verify_store_names_what_left_github(gated: World) -> None:
    issue, _ = await planned(gated)
    await shown(gated, issue)
    assert await coppice(gated, "verify-store", "--live", "--json") == (0, "[]\n")
    ours = [
        c
        for c in await gated.repo("GET", f"/issues/{issue}/comments")
        if c["user"]["type"] == "Bot"
    ]
    await gated.repo("DELETE", f"/issues/comments/{ours[0]['id']}")

    code, output = await coppice(gated, "verify-store", "--live")

    assert code == 1
    assert "what it wrote is not on GitHub any more" in output
    assert "1 disagreements" in output


async def test_verify_store_names_a_run_that_was_ended_by_hand(gated: World) -> None:
    _, run = await planned(gated)
    database = await gated._stored()
    await database.write(lambda c: c.exec_driver_sql("UPDATE runs SET status = 'done'"))

    code, output = await coppice(gated, "verify-store")

    assert code == 1
    assert f"engine: run {run['id']}: its row says that it has ended" in output


async def test_the_audit_log_says_who_did_what(gated: World) -> None:
    issue, run = await planned(gated)
    await gated.comment(issue, "/coppice approve 00000000", who="reader")
    await approve(gated, issue)
    await coppice(gated, "backup", "--to", str(gated.folder / "b.tar"))

    rows = await gated.listed("audit")

    told = [(row["who"].split()[0], row["act"]) for row in reversed(rows)]
    assert told == [
        ("marta", "run started"),
        (gated.forge.ready["users"]["reader"]["login"], "command"),
        ("marta", "command"),
        ("marta", "approved"),
        ("operator", "backed up"),
    ]
    assert rows[1]["run_id"] == run["id"]
    assert rows[3]["data"]["done"] is False


async def test_a_support_bundle_holds_no_secret(gated: World, tmp_path: Path) -> None:
    secrets = await plant_secrets(gated)
    log = tmp_path / "serve.log"
    log.write_text("".join(f"line {form}\n" for secret in secrets for form in forms(secret)))
    file = tmp_path / "support.tar.gz"

    code, output = await coppice(gated, "support", "--to", str(file), "--log", str(log))

    assert code == 0, output
    with tarfile.open(file) as tar:
        texts = {m.name: tar.extractfile(m).read().decode() for m in tar if m.isfile()}  # type: ignore[union-attr]
    leaks = [
        (name, form)
        for name, text in texts.items()
        for secret in secrets
        for form in (forms(secret) if not secret.startswith("ghp_") else [secret])
        if form in text
    ]
    assert leaks == []
    assert "doctor.json" in output
    assert file.stat().st_mode & 0o777 == 0o600
    assert "COPPICE_APP_ID" in texts["coppice-support/doctor.json"]


async def plant_secrets(here: World) -> list[str]:
    """Put secrets wherever somebody could: settings, rows, words of people."""
    import secrets as randomness

    token = "ghp_" + randomness.token_hex(18)
    password = randomness.token_urlsafe(18)
    model = "sk-" + randomness.token_hex(20)
    here.settings["HTTPS_PROXY"] = f"http://user:{password}@proxy.invalid:3128"
    here.settings["NO_PROXY"] = "127.0.0.1,localhost"
    here.settings["COPPICE_MODEL_KEY"] = model
    webhook = here.settings["COPPICE_WEBHOOK_SECRET"]
    everything = " ".join((token, password, model, webhook))
    issue, run = await planned(here)
    database = await here._stored()
    for statement in (
        f"UPDATE deliveries SET reason = 'because {everything}'",
        f'UPDATE runs SET error = \'{{"class": "{everything}", "message": "{everything}"}}\'',
        f'UPDATE events SET data = \'{{"name": "{everything}", "text": "{everything}"}}\'',
    ):
        await database.write(lambda c, statement=statement: c.exec_driver_sql(statement))  # type: ignore[misc]
    assert issue
    assert run
    key = Path(here.settings["COPPICE_PRIVATE_KEY_FILE"]).read_text().splitlines()[5]
    return [token, password, model, webhook, key]


def forms(secret: str) -> list[str]:
    import base64

    raw = secret.encode()
    return [
        secret,
        secret[::-1],
        raw.hex(),
        base64.b64encode(raw).decode(),
        base64.b64encode(b"x" + raw).decode()[4:-4],
        "".join(f"%{byte:02X}" for byte in raw),
    ]


async def test_a_body_that_was_changed_is_not_acted_on_and_comes_back(gated: World) -> None:
    await planned(gated)
    labelled = next(
        row
        for row in await gated.listed("deliveries", "--limit", "0")
        if row["decision"] == "start"
    )
    guid = labelled["guid"]
    database = await gated._stored()
    forged = "UPDATE payloads SET payload = CAST('{\"zen\": 1}' AS BLOB) WHERE seq ="
    where = f"(SELECT seq FROM deliveries WHERE guid = '{guid}')"
    await database.write(lambda c: c.exec_driver_sql(f"{forged} {where}"))

    code, output = await coppice(gated, "verify-store")
    assert (code, "its body is not what came in" in output) == (1, True)
    await coppice(gated, "redeliver", guid)
    await decided(gated, guid, "dead")
    code, output = await coppice(gated, "redeliver", guid, "--from-github")

    assert code == 0, output
    await decided(gated, guid, "start")
    assert await coppice(gated, "verify-store", "--json") == (0, "[]\n")
    assert len(await gated.runs()) == 1


async def decided(here: World, guid: str, decision: str) -> None:
    """Wait until a delivery has come to something."""
    async with asyncio.timeout(150):
        while (await here.listed("deliveries", guid))[0]["decision"] != decision:
            await asyncio.sleep(0.2)


async def test_an_installation_removed_and_added_again_resumes_nothing(gated: World) -> None:
    issue, _ = await planned(gated)

    await gated.switch("uninstall")
    run = await gated.ended(issue)
    await gated.switch("install")

    assert (await gated.settled("installation.created"))["decision"] == "ignore"
    assert [(r["id"], r["status"]) for r in await gated.runs()] == [(run["id"], "cancelled")]
    assert await coppice(gated, "verify-store", "--json") == (0, "[]\n")


async def test_clean_shows_first_and_leaves_living_work(gated: World) -> None:
    _, run = await planned(gated)
    database = await gated._stored()
    for statement in (
        "UPDATE runs SET created_at = 1000, updated_at = 1000",
        "UPDATE deliveries SET received_at = 1000",
    ):
        await database.write(lambda c, statement=statement: c.exec_driver_sql(statement))  # type: ignore[misc]

    _, shown = await coppice(gated, "clean", "--older", "30d")
    code, output = await coppice(gated, "clean", "--older", "30d", "--yes")

    assert code == 0, output
    assert "this was a preview" in shown
    assert [row["id"] for row in await gated.runs()] == [run["id"]]
    starts = [row for row in await gated.listed("deliveries") if row["decision"] == "start"]
    assert len(starts) == 1  # the one that started the living run
    assert (gated.folder / "coppice" / "runs" / run["id"] / "config.json").exists()
    assert await coppice(gated, "verify-store", "--json") == (0, "[]\n")
