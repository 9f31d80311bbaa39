"""A GitHub for git alone: a bare repository behind the forge's smart HTTP, and a developer."""

import asyncio
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from bot.forge.git import Access, Change, PushRules

TOKEN = "ghs_0123456789abcdefghijABCDEFGHIJ012345"
QUIET = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "Ana",
    "GIT_AUTHOR_EMAIL": "ana@example.org",
    "GIT_COMMITTER_NAME": "Ana",
    "GIT_COMMITTER_EMAIL": "ana@example.org",
}


def git(path: Path, *arguments: str, stdin: bytes = b"") -> str:
    done = subprocess.run(
        ("git", "-C", str(path), *arguments), input=stdin, capture_output=True, env=QUIET
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode(errors="surrogateescape").strip()


@dataclass(slots=True)
class Hub:
    """`acme/shop`, readable and writable with TOKEN; ``work`` is a developer's clone of it."""

    bare: Path
    work: Path
    url: str = ""
    origin: str = ""
    token: str = TOKEN
    seen: list[str | None] = field(default_factory=list)
    """The tokens that came."""
    pause: float = 0
    """Seconds before each answer."""

    async def authorize(self, token: str | None, full_name: str, *, write: bool) -> Access:
        self.seen.append(token)
        await asyncio.sleep(self.pause)
        if token is None:
            return Access(status=401)
        if full_name != "acme/shop" or token != TOKEN:
            return Access(status=404)
        return Access(path=self.bare, rules=PushRules(), bearer=token)

    async def pushed(self, access: Access, changes: Mapping[str, Change]) -> None:
        """Nobody is told."""

    def commit(self, files: Mapping[str, str | bytes | None], branch: str = "main") -> str:
        """Commit files as the developer (None: removed) and push them; answers the commit."""
        for name, content in files.items():
            file = self.work / name
            file.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                file.unlink()
            else:
                file.write_bytes(content.encode() if isinstance(content, str) else content)
        git(self.work, "add", "-A", "-f")
        git(self.work, "commit", "-q", "--allow-empty", "-m", "Change the shop")
        self.publish(branch)
        return git(self.work, "rev-parse", "HEAD")

    def publish(self, branch: str = "main") -> None:
        git(self.work, "push", "-q", "-f", str(self.bare), f"HEAD:refs/heads/{branch}")

    def forget(self) -> None:
        """Begin the developer's history anew; the files stay."""
        git(self.work, "update-ref", "-d", "HEAD")

    def sha(self, branch: str) -> str:
        return git(self.bare, "rev-parse", f"refs/heads/{branch}")


def make_hub(folder: Path) -> Hub:
    hub = Hub(bare=folder / "hub/acme/shop.git", work=folder / "developer")
    for path, options in ((hub.bare, ("--bare",)), (hub.work, ())):
        path.mkdir(parents=True)
        git(path, "init", "-q", "-b", "main", *options)
    git(hub.bare, "config", "http.receivepack", "true")
    return hub


def processes_with(text: str) -> list[str]:
    """List the command lines on this machine that hold a text."""
    lines = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(process.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue  # ended meanwhile
    return [line for line in lines if text in line]


async def redirect(request: web.Request) -> web.Response:
    """Answer as GitHub does for a renamed repository; `acme/away` leaves the host."""
    host = request.host.replace("127.0.0.1", "localhost")
    if request.path.startswith("/acme/old"):
        raise web.HTTPMovedPermanently(request.path_qs.replace("/acme/old", "/acme/shop"))
    raise web.HTTPMovedPermanently(f"http://{host}{request.path_qs}".replace("/away", "/shop"))
