"""What programs do that nobody, or not everybody, may want: rules by the program's name."""

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase as fnmatch

from bot.guard.packages import PACKAGES, PUBLISHES
from bot.guard.shell import Simple, Word
from bot.guard.verdict import Judge, Place, Verdict, forbidden, risky

_MADE_ANEW = (
    "build dist out target obj coverage htmlcov node_modules __pycache__ _build .cache"
    " .pytest_cache .mypy_cache .ruff_cache .hypothesis .tox .nox .eggs *.egg-info .venv venv .next"
    " .nuxt .svelte-kit .turbo .parcel-cache .nyc_output .gradle CMakeFiles cmake-build-* build-*"
    " bazel-* DerivedData tmp .tmp *.pyc *.pyo *.o *.class .DS_Store .coverage"
)
"""What tools make again, as patterns: it may be removed. Git or no Git, a name is all there is."""
GLOBAL_OPTIONS = {"git": ("-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path")}
_SQL_FORBIDDEN = re.compile(
    r"\bDROP\s+(TABLE|DATABASE|SCHEMA|USER|ROLE)\b|\bTRUNCATE\b", re.IGNORECASE
)
_SQL_RISKY = re.compile(
    r"\bALTER\s+TABLE\b|\bDROP\s+(COLUMN|INDEX|CONSTRAINT|VIEW)\b|\bDELETE\s+FROM\b", re.IGNORECASE
)
_LOCAL = re.compile(r"(https?://)?(localhost|127\.0\.0\.1|\[::1\]|0\.0\.0\.0)(:\d+)?(/.*)?")


def _plain(simple: Simple) -> list[str]:
    return [text for text in simple.texts[1:] if not text.startswith("-")]


def _flags(simple: Simple) -> str:
    """Join the letters of the short options."""
    short = [text[1:] for text in simple.texts[1:] if re.fullmatch(r"-[A-Za-z0-9]+", text)]
    return "".join(short)


def _remove(simple: Simple, place: Place) -> Iterator[Verdict]:
    whole = set("rR") & set(_flags(simple)) or "--recursive" in simple.texts
    if "--no-preserve-root" in simple.texts:
        yield forbidden("it removes everything")
    for word in simple.words[1:]:
        if not word.text.startswith("-"):
            yield from _removed(word.text, place, whole=bool(whole))


def _removed(text: str, place: Place, *, whole: bool) -> Iterator[Verdict]:
    path = place.of(text)
    if path is None:
        if whole:
            yield risky(f"what it removes cannot be told: {text[:100]}")
        return
    bare = path.rstrip("*").rstrip("/") or "/"
    if not place.holds(path) or not (place.holds(bare) or path == bare):
        if whole or not place.holds(path):
            yield forbidden(f"it removes {text[:100]}, all of it or outside the worktree")
        return
    inside = path.removeprefix(place.tree + "/").split("/")
    if path.startswith(place.tree + "/") and inside[0][0] == "." and fnmatch(".git", inside[0]):
        yield forbidden("it removes the repository's history")
    elif whole and path.startswith(place.tree + "/") and not any(map(made_anew, inside)):
        yield risky(f"it removes {text[:100]} with all that is in it; name the files")


def made_anew(name: str) -> bool:
    """Is it, or all that a pattern stands for, something that tools make again?"""
    return any(fnmatch(name, pattern) for pattern in _MADE_ANEW.split())


def _always(verdict: Verdict) -> Judge:
    def rule(_: Simple, __: Place) -> Iterator[Verdict]:
        yield verdict

    return rule


def _words(*phrases: str, then: Verdict) -> Judge:
    """Match the first words that are no options."""
    wanted = [phrase.split() for phrase in phrases]

    def rule(simple: Simple, _: Place) -> Iterator[Verdict]:
        words = _plain(simple)
        if any(words[: len(phrase)] == phrase for phrase in wanted):
            yield then

    return rule


def _copied(simple: Simple, place: Place) -> Iterator[Verdict]:
    """`cp` and its like write what comes last, and `mv` takes away what comes first."""
    words = _plain(simple)
    for text in words if simple.texts[0].endswith("mv") else words[-1:]:
        yield from _outside(text, place)


def _filled(simple: Simple, place: Place) -> Iterator[Verdict]:
    for text in _plain(simple):
        yield from _outside(text, place)


def _outside(text: str, place: Place) -> Iterator[Verdict]:
    path = place.of(text)
    known = path is not None and path != place.tree and not place.holds(path)
    if known and path not in ("/dev/null", "/tmp"):  # noqa: S108 the box's own
        yield forbidden(f"it changes {text[:100]}, outside the worktree")


def _rights(simple: Simple, place: Place) -> Iterator[Verdict]:
    words = _plain(simple)
    mode = words[0] if words else ""
    whole = "R" in _flags(simple) or "--recursive" in simple.texts
    if re.fullmatch(r"0?[0-7]?777|(ugo|a)?[+=]rwx", mode) and whole:
        yield forbidden("it opens everything to everybody")
    if re.search(r"[ug]*\+[rwx]*s", mode) or re.fullmatch(r"0?[2-7][0-7]{3}", mode):
        yield forbidden("it lets a program run with another's rights")
    for text in words[1:]:
        yield from _outside(text, place)


def _copied_bytes(simple: Simple, place: Place) -> Iterator[Verdict]:
    for text in simple.texts[1:]:
        name, _, path = text.partition("=")
        if name == "if" and re.match(r"/dev/(sd|hd|vd|nvme|xvd|disk|mem|kmem|mapper)", path):
            yield forbidden("it reads a device")
        if name == "of" and path != "/dev/null":
            yield from _outside(path, place)


_GIT_PROGRAMS = re.compile(
    r"core\.(sshcommand|hookspath|fsmonitor|editor|pager)|alias\.|filter\.|credential\.|include"
)
_GIT_CONFIG = re.compile(r"(core|alias|filter|credential|include|url|remote)\b")
_GIT_FORBIDDEN = {
    "push": "it pushes; only Coppice does, and not by force",
    "send-pack": "it pushes; only Coppice does, and not by force",
}
_GIT_NETWORK = ("fetch", "pull", "clone", "ls-remote", "submodule")
_GIT_HISTORY = ("filter-branch", "filter-repo", "update-ref", "reflog", "gc", "prune")


def _git(simple: Simple, place: Place) -> Iterator[Verdict]:
    words, configured = _git_words(simple.texts[1:])
    if any(_GIT_PROGRAMS.match(one.lower()) for one in configured):
        yield risky("it lets git start a program")
    verb, rest = (words[0], words[1:]) if words else ("", [])
    if verb in _GIT_FORBIDDEN:
        yield forbidden(_GIT_FORBIDDEN[verb])
    elif verb in _GIT_NETWORK:
        yield risky("there is no network in the box")
    elif verb in _GIT_HISTORY:
        yield risky("it rewrites history")
    elif verb == "rm":
        removed = tuple(Word(text=text) for text in ("rm", *rest))
        yield from _remove(Simple(words=removed), place)
    else:
        yield from _git_settings(verb, rest)


def _git_settings(verb: str, rest: Sequence[str]) -> Iterator[Verdict]:
    match verb:
        case "remote" if rest[:1] and rest[0] in ("add", "set-url", "rename", "remove", "rm"):
            yield forbidden("it changes where the repository goes to")
        case "reset" if "--hard" in rest:
            yield forbidden("it throws work away")
        case "clean" if any(re.fullmatch(r"-[a-zA-Z]*f[a-zA-Z]*|--force", one) for one in rest):
            yield forbidden("it throws work away")
        case "config" if any(_GIT_CONFIG.match(one.lower()) for one in rest):
            yield risky("it changes how git works")


def _git_words(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split off git's own options; give the words behind them, and what `-c` sets."""
    words, configured = list(texts), []
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option in GLOBAL_OPTIONS["git"] and words:
            value = words.pop(0)
            if option == "-c":
                configured.append(value)
    return words, configured


def _fetch(simple: Simple, _: Place) -> Iterator[Verdict]:
    addresses = [text for text in _plain(simple) if re.search(r"[.:/]", text)]
    if not addresses or not all(
        _LOCAL.fullmatch(text) for text in addresses if "://" in text or text[0] != "/"
    ):
        yield risky("there is no network in the box")


def _sql(simple: Simple, _: Place) -> Iterator[Verdict]:
    texts = [*simple.texts[1:], simple.given or ""]
    for before in simple.pipeline:
        texts += [*before.texts[1:], before.given or ""]
    told = " ".join(texts)
    if _SQL_FORBIDDEN.search(told):
        yield forbidden("it throws data away")
    elif _SQL_RISKY.search(told):
        yield risky("it changes data or its shape")


def _kill(simple: Simple, _: Place) -> Iterator[Verdict]:
    if simple.texts[-1] == "-1" and len(simple.texts) > 2:
        yield forbidden("it ends every program")


_RIGHTS = _always(forbidden("it asks for more rights"))
_DISKS = _always(forbidden("it writes to disks as such, or makes files unreadable for good"))
_MACHINE = _always(forbidden("it changes the machine"))
_OWNER = _always(forbidden("it gives files to somebody else"))
_NETWORK = _always(risky("there is no network in the box"))
_GITHUB = _always(forbidden("only Coppice talks to GitHub"))
_CLOUD = risky("it removes or changes what lies elsewhere")
_CONTAINERS = (
    _words("push", "image push", then=PUBLISHES),
    _words("rm", "rmi", "system prune", "volume rm", "image rm", "container rm", then=_CLOUD),
    _words("volume prune", "image prune", "compose down", then=_CLOUD),
)

_BY_RULES: tuple[tuple[str, tuple[Judge, ...]], ...] = (
    ("rm rmdir unlink", (_remove,)),
    ("sudo su doas pkexec runuser setpriv", (_RIGHTS,)),
    ("shred wipefs fdisk sfdisk parted mkswap blkdiscard", (_DISKS,)),
    ("mkfs mke2fs", (_DISKS,)),
    ("mount umount chroot nsenter unshare insmod modprobe reboot shutdown halt", (_MACHINE,)),
    ("poweroff systemctl service iptables nft crontab useradd usermod passwd visudo", (_MACHINE,)),
    ("chown chgrp setfacl chattr", (_OWNER,)),
    ("chmod", (_rights,)),
    ("dd", (_copied_bytes,)),
    ("cp mv ln install rsync", (_copied,)),
    ("tee truncate", (_filled,)),
    ("git", (_git,)),
    ("gh hub", (_GITHUB,)),
    ("curl wget aria2c", (_fetch,)),
    ("ssh scp sftp ftp telnet nc ncat socat rsh", (_NETWORK,)),
    ("apt apt-get dnf yum apk brew pacman snap", (_NETWORK,)),
    ("terraform tofu", (_words("apply", "destroy", "import", then=_CLOUD),)),
    ("pulumi", (_words("up", "destroy", then=_CLOUD),)),
    ("alembic", (_words("downgrade", "stamp", then=risky("it turns a database back")),)),
    ("docker podman", _CONTAINERS),
    ("kubectl helm", (_words("delete", "uninstall", "apply", "drain", then=_CLOUD),)),
    ("aws", (_words("s3 rm", "s3 rb", "s3 sync", "s3 mv", then=_CLOUD),)),
    ("psql mysql mariadb sqlite3 sqlcmd duckdb clickhouse-client cockroach sqlplus bq", (_sql,)),
    ("dropdb dropuser mysqladmin", (_always(forbidden("it throws data away")),)),
    ("kill", (_kill,)),
)
_RULES: Mapping[str, tuple[Judge, ...]] = {
    **PACKAGES,
    **{program: rules for programs, rules in _BY_RULES for program in programs.split()},
}
_VARIANT = re.compile(r"(mkfs)\..+|(pip)[0-9][0-9.]*")
"""`mkfs.ext4`, `pip3.12`: the program, as its rule is called."""


def rules_for(program: str) -> tuple[Judge, ...]:
    variant = _VARIANT.fullmatch(program)
    return _RULES.get(variant[1] or variant[2] if variant else program, ())
