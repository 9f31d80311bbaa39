"""Container and compose files: what can be held without an engine, and what the box needs."""

import errno
import json
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.box.seccomp import REFUSED
from bot.cli.tree import build
from bot.settings import Settings, unknown_settings, variable
from tests.deploy.rig import ROOT

CONTAINER = ROOT / "deploy" / "container"
PROGRAM = Path(__file__).with_name("filtered_program.py")
PROBE = """
import asyncio
from bot.box import probe
print(asyncio.run(probe("auto")).level.value)
"""
X86_64 = {
    "clone3": 435,
    "mount": 165,
    "umount2": 166,
    "unshare": 272,
    "pivot_root": 155,
    "setns": 308,
}
"""Numbers of asm/unistd_64.h; what Docker's list refuses to a container without CAP_SYS_ADMIN."""


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((CONTAINER / "compose.yml").read_text())
    return found


def seccomp() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CONTAINER / "seccomp.json").read_text())
    return found


def test_every_setting_that_is_named_in_deploy_exists() -> None:
    files = [path for path in (ROOT / "deploy").rglob("*") if path.is_file()]
    named = {name for path in files for name in re.findall(r"COPPICE_[A-Z_]+", path.read_text())}
    known = {variable(name) for name in Settings.model_fields}

    assert {name.rstrip("_") for name in named} - known == set()
    assert unknown_settings(dict.fromkeys(named, "")) == []


def test_every_file_that_the_image_is_made_of_is_there_and_reaches_the_build() -> None:
    text = (CONTAINER / "Containerfile").read_text()
    copied = [
        name
        for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE)
        for name in line.split()[:-1]
    ]
    ignored = (ROOT / ".dockerignore").read_text().splitlines()

    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert {"bot", "handlers", "prompts", "pyproject.toml"} <= set(copied)
    for name in copied:
        rule = "!requirements*.txt" if name.startswith("requirements") else f"!{name}"
        assert rule in ignored


def test_the_services_run_commands_that_exist_with_secrets_from_files() -> None:
    services = compose()["services"]
    ours = {name: each for name, each in services.items() if name != "database"}

    assert set(ours) == {"migrate", "web", "worker"}
    for service in ours.values():
        build().parse_args(service["command"])  # a wrong one would exit
        assert service["cap_drop"] == ["ALL"]
        assert service["read_only"] is True
        for name in service["environment"]:
            assert not name.endswith(("_SECRET", "_KEY", "_TOKEN", "_URL")) or name in (
                "COPPICE_PUBLIC_URL",
                "COPPICE_MODEL_URL",
            )
    secrets = set(compose()["secrets"])
    assert {name for each in services.values() for name in each["secrets"]} == secrets
    assert services["worker"]["environment"]["COPPICE_WORKER"] == services["worker"]["hostname"]


def test_the_worker_has_what_bubblewrap_needs_and_the_web_process_has_not() -> None:
    services = compose()["services"]
    worker, web = services["worker"]["security_opt"], services["web"]["security_opt"]

    assert worker == ["no-new-privileges:true", "seccomp=./seccomp.json", "systempaths=unconfined"]
    assert web == ["no-new-privileges:true"]


def test_the_seccomp_profile_refuses_no_call_of_bubblewrap_twice_or_by_another_name() -> None:
    names = [name for rule in seccomp()["syscalls"] for name in rule["names"]]

    assert len(names) == len(set(names))
    assert set(names).isdisjoint({"clone", "unshare", "mount", "umount2", "pivot_root", "prctl"})
    assert {"bpf", "init_module", "kexec_load", "keyctl", "ptrace", "open_by_handle_at"} <= set(
        names
    )


def level(refused: dict[str, int], *, namespaces: int | None) -> str:
    """Say which box there is for a user without rights, where some calls are refused."""
    if platform.machine() != "x86_64":
        pytest.skip("the numbers of system calls here are those of x86_64")
    known = header() | REFUSED["x86_64"] | X86_64
    numbers = {known[name]: error for name, error in refused.items() if name in known}
    given = json.dumps({"refused": numbers, "namespaces": namespaces})
    command = [sys.executable, str(PROGRAM), sys.executable, "-c", PROBE]
    done = subprocess.run(
        command, input=given, capture_output=True, text=True, cwd=ROOT, check=False
    )
    said: str = done.stdout.strip() or done.stderr[-500:]
    return said


def header() -> dict[str, int]:
    """All system calls, by the kernel's own header where it is installed."""
    path = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
    text = path.read_text() if path.exists() else ""
    return {name: int(number) for name, number in re.findall(r"#define __NR_(\w+) (\d+)", text)}


@pytest.mark.slow
def test_bubblewrap_works_under_our_seccomp_profile() -> None:
    require_bubblewrap()
    refused = {name: rule["errnoRet"] for rule in seccomp()["syscalls"] for name in rule["names"]}

    assert level(refused, namespaces=None) == "3"


@pytest.mark.slow
def test_under_dockers_own_list_the_box_is_landlocks() -> None:
    require_bubblewrap()
    refused = dict.fromkeys(X86_64, errno.EPERM) | {"clone3": errno.ENOSYS}

    assert level(refused, namespaces=errno.EPERM) == "2"


def require_bubblewrap() -> None:
    if shutil.which("bwrap") is None:
        pytest.skip("no bubblewrap here (apt-get install bubblewrap)")
