"""git runs with a clean environment, within its time, and tells no token."""

import asyncio
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import GitError
from bot.worktree import Git, Network, Remote, Unreachable
from bot.worktree.directory import ensure_directory
from bot.worktree.failures import failure
from tests.worktree.hub import TOKEN, processes_with


@pytest.fixture
def repository(tmp_path: Path) -> Git:
    return Git(directory=ensure_directory(tmp_path / "repository.git"))


async def silent(connected: asyncio.Event) -> tuple[asyncio.Server, str]:
    """Serve a port that takes connections and says nothing."""

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(wait, "127.0.0.1", 0)
    return server, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/a/b.git"


async def test_no_configuration_but_our_own_is_read(repository: Git) -> None:
    listed = (await repository.run("config", "--list", "--show-scope")).decode().splitlines()

    assert {line.split("\t")[0] for line in listed} == {"local", "command"}


async def test_the_environment_of_the_service_is_not_inherited(repository: Git) -> None:
    shown = await repository.run("-c", "alias.env=!env", "env")

    names = {line.partition("=")[0] for line in shown.decode().splitlines()}
    assert {name for name in os.environ if name in names} <= {"PATH", "HOME", "LANG", "PWD"} | {
        "_",
        "SHLVL",
        "OLDPWD",
        "LC_ALL",
    }


async def test_a_failure_is_gits_own_word(repository: Git) -> None:
    with pytest.raises(GitError) as caught:
        await repository.run("cat-file", "blob", "nothing")

    assert (caught.value.command, caught.value.exit_code) == ("cat-file", 128)


async def test_git_ends_with_its_helpers_at_its_time_limit(repository: Git) -> None:
    server, url = await silent(asyncio.Event())
    async with server:
        began = time.monotonic()
        with pytest.raises(Unreachable, match=r"time limit of 0\.5 s"):
            await repository.run("ls-remote", url, remote=Remote(url=url), seconds=0.5)

    assert time.monotonic() - began < 20
    assert processes_with(url) == []


async def test_a_cancelled_git_ends_with_its_helpers(repository: Git) -> None:
    connected = asyncio.Event()
    server, url = await silent(connected)
    async with server:
        task = asyncio.create_task(
            repository.run("ls-remote", url, remote=Remote(url=url, token=TOKEN))
        )
        await connected.wait()
        assert processes_with(url) != []
        assert processes_with(TOKEN) == []

        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert processes_with(url) == []


async def test_git_that_reads_nothing_is_no_error(repository: Git) -> None:
    with pytest.raises(GitError):
        await repository.run("cat-file", "--nonsense", stdin=b"x" * (1 << 20))


def test_credentials_are_masked() -> None:
    remote = Remote(url="https://example.org/a/b.git", token=TOKEN)
    basic = remote.header[1].split(" ")[1]

    told = remote.mask(f"{TOKEN} {basic} https://user:secret@proxy.example:3128/")

    assert told == "*** *** https://***@proxy.example:3128/"
    assert TOKEN not in repr(remote)


async def test_a_proxy_is_asked_and_its_password_is_not_told(repository: Git) -> None:
    connected = asyncio.Event()
    server, url = await silent(connected)
    address = url.removeprefix("http://").partition("/")[0]
    network = Network(proxy=f"http://user:secret@{address}", no_proxy="localhost")
    remote = Remote(url="https://github.invalid/a/b.git", token=TOKEN, network=network)
    async with server:
        with pytest.raises(Unreachable) as caught:
            await repository.run("ls-remote", remote.url, remote=remote, seconds=5)

    assert connected.is_set()
    assert "secret" not in str(caught.value) + repr(remote)


def test_certificates_are_given_to_git(tmp_path: Path) -> None:
    remote = Remote(url="https://ghes.example/a", network=Network(ca_file=tmp_path / "ca.pem"))

    assert remote.environment() == {"GIT_SSL_CAINFO": str(tmp_path / "ca.pem")}


def assassin(folder: Path, kills: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a `git` first on the PATH that is killed so often, each time with the index locked."""
    real = shutil.which("git")
    folder.mkdir()
    program = folder / "git"
    program.write_text(
        f"#!/bin/sh\nfor n in $(seq {kills}); do\n"
        f"  if mkdir {folder}/$n 2>/dev/null; then touch {folder}/index.lock; kill -9 $$; fi\n"
        f'done\nexec {real} "$@"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


async def test_a_git_that_somebody_killed_is_run_again(
    repository: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assassin(tmp_path / "bin", 2, monkeypatch)
    mine = replace(repository, index=tmp_path / "bin" / "index")

    made = await mine.run("hash-object", "-w", "--stdin", stdin=b"a note\n")
    await mine.run("update-index", "--add", "--cacheinfo", f"100644,{made.decode().strip()},a")

    assert await mine.text("ls-files") == "a"


async def test_a_git_that_is_always_killed_fails_in_the_end(
    repository: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assassin(tmp_path / "bin", 9, monkeypatch)

    with pytest.raises(GitError) as caught:
        await repository.run("count-objects")

    assert caught.value.exit_code == 137


def test_a_repository_called_corrupt_is_not_corrupt() -> None:
    told = (
        "To http://h/acme/corrupt.git\n"
        " ! [remote rejected] 4f9a1c -> coppice/7-garbage (pre-receive hook declined)"
    )

    assert type(failure("push", 1, told)) is GitError


@pytest.mark.parametrize(
    "told",
    [
        "fatal: could not open '/data/runs/garbage/corrupt' for writing: No such file or directory",
        "error: unable to create file 'src/early EOF/corrupt.py': No such file or directory",
        "fatal: cannot mkdir /tmp/pytest-of-corrupt/inflate: 0",
    ],
)
def test_a_path_of_such_a_name_says_nothing(told: str) -> None:
    assert type(failure("checkout-index", 128, told)) is GitError
