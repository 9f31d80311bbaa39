"""What package managers do: what a project already names may be installed; anything else is added.

Adding, removing or starting a package that the project does not name is a person's to want,
whichever program does it.
"""

import re
from collections.abc import Collection, Iterator, Mapping

from bot.guard.shell import Simple
from bot.guard.verdict import Judge, Place, Verdict, forbidden, risky

PUBLISHES = forbidden("it publishes")
_ADDS = risky("it adds a dependency, which a person decides on")
_REMOVES = risky("it removes a dependency")
_STARTS = risky("it starts a package that the project does not name; a person decides on that")

_WITH_WORD: Mapping[str, str] = {  # the options that take a word
    "pip": "-r --requirement -e --editable -c --constraint -i --index-url --extra-index-url -f"
    " --find-links -t --target --prefix --python -p --root",
    "npm": "--prefix -C --dir --cwd -w --workspace --filter -F --registry",
    "go": "-C -o -tags -ldflags -p",
    "cargo": "--manifest-path --config -Z -C --color --root -j",
    "uv": "--project --directory -p --python --group --extra --index --with",
    "composer": "-d --working-dir",
}
_LOCAL = re.compile(r"\.{0,2}/.*|\.{1,2}|\.\[.*")
_VERSIONED = re.compile(r"@?[^@]+@.+")


def _words(simple: Simple, kind: str = "") -> list[str]:
    """The words that are neither options nor theirs; nothing behind `--`, which is a program's."""
    found, skip = [], False
    for text in simple.texts[1:]:
        if text == "--":
            break
        if not skip and not text.startswith("-"):
            found.append(text)
        skip = not skip and text in _WITH_WORD.get(kind, "").split()
    return found


def _options(simple: Simple) -> set[str]:
    return {text.split("=", 1)[0] for text in simple.texts[1:] if text.startswith("-")}


def _pip(simple: Simple, _: Place) -> Iterator[Verdict]:
    words = _words(simple, "pip")
    if words[:1] in (["pip"], ["tool"]):  # uv pip …
        words = words[1:]
    if words[:1] in (["uninstall"], ["remove"]):
        yield _REMOVES
    fetches = words[:1] in (["install"], ["download"], ["wheel"])
    if fetches and not all(_LOCAL.fullmatch(word) for word in words[1:]):
        yield _ADDS


def _uv(simple: Simple, place: Place) -> Iterator[Verdict]:
    words = _words(simple, "uv")
    if words[:1] in (["add"], ["remove"]):
        yield _ADDS if words[0] == "add" else _REMOVES
    elif words[:2] == ["tool", "run"] or (words[:1] == ["run"] and "--with" in _options(simple)):
        yield _STARTS
    else:
        yield from _pip(simple, place)


def _node(simple: Simple, _: Place) -> Iterator[Verdict]:
    words = _words(simple, "npm")
    if words[:1] == ["global"]:  # yarn global add
        words = words[1:]
    verb, rest = (words[0], words[1:]) if words else ("", [])
    if verb in ("install", "i", "add", "link", "isntall") and rest:
        yield _ADDS
    if verb in ("uninstall", "remove", "rm", "un", "r", "unlink") and rest:
        yield _REMOVES
    if verb == "dlx" or (verb in ("create", "init") and rest):
        yield _STARTS
    if verb in ("exec", "x") and _fetched(simple, rest):
        yield _STARTS
    if verb in ("publish", "unpublish") or words[:2] == ["npm", "publish"]:
        yield PUBLISHES


def _npx(simple: Simple, _: Place) -> Iterator[Verdict]:
    """`npx tsc` starts what the project has installed; with one of these it need not be."""
    if _fetched(simple, _words(simple, "npm")):
        yield _STARTS


def _fetched(simple: Simple, words: list[str]) -> bool:
    own = _options(simple) & {"-y", "--yes", "-p", "--package"}
    return bool(own or any(_VERSIONED.fullmatch(word) for word in words[:1]))


def _go(simple: Simple, _: Place) -> Iterator[Verdict]:
    words = _words(simple, "go")
    verb, rest = (words[0], words[1:]) if words else ("", [])
    if verb == "get" or (verb == "install" and any("@" in word for word in rest)):
        yield _ADDS
    if verb == "run" and any("@" in word for word in rest[:1]):
        yield _STARTS


def _cargo(simple: Simple, _: Place) -> Iterator[Verdict]:
    words = _words(simple, "cargo")
    if words[:1] in (["remove"], ["rm"], ["uninstall"]):
        yield _REMOVES
    if words[:1] == ["add"] or (words[:1] == ["install"] and "--path" not in _options(simple)):
        yield _ADDS
    if words[:1] in (["publish"], ["yank"]):
        yield PUBLISHES


def _composer(simple: Simple, _: Place) -> Iterator[Verdict]:
    words = _words(simple, "composer")
    if words[:1] == ["global"]:
        words = words[1:]
    if words[:1] in (["require"], ["req"], ["create-project"]):
        yield _ADDS
    if words[:1] in (["remove"], ["rm"]):
        yield _REMOVES


def _deno(simple: Simple, _: Place) -> Iterator[Verdict]:
    words = _words(simple)
    if words[:1] == ["run"] and re.match(r"(https?|npm|jsr):", "".join(words[1:2])):
        yield _STARTS


def _verbs(*, adds: str = "", removes: str = "", starts: str = "", publishes: str = "") -> Judge:
    """Judge by the first word; what adds or starts needs a second one."""
    told = {_ADDS: adds, _REMOVES: removes, _STARTS: starts, PUBLISHES: publishes}

    def rule(simple: Simple, _: Place) -> Iterator[Verdict]:
        words = _words(simple)
        for verdict, verbs in told.items():
            bare = not words[1:] and verdict in (_ADDS, _STARTS)
            if words[:1] and words[0] in verbs.split() and not bare:
                yield verdict

    return rule


def _starts(simple: Simple, _: Place) -> Iterator[Verdict]:
    if _words(simple):
        yield _STARTS


_BY_RULES: tuple[tuple[str, tuple[Judge, ...]], ...] = (
    ("pip pip3 pipenv", (_pip,)),
    ("uv", (_uv, _verbs(publishes="publish"))),
    ("uvx", (_starts,)),
    ("pipx", (_verbs(adds="install inject upgrade", removes="uninstall", starts="run"),)),
    ("easy_install", (_starts,)),
    ("conda mamba micromamba", (_verbs(adds="install", removes="remove uninstall"),)),
    ("poetry pdm hatch flit rye", (_verbs(adds="add", removes="remove", publishes="publish"),)),
    ("twine", (_verbs(publishes="upload"),)),
    ("npm pnpm yarn bun", (_node,)),
    ("npx bunx pnpx", (_npx,)),
    (
        "deno",
        (
            _deno,
            _verbs(adds="add install", removes="remove uninstall", publishes="publish"),
        ),
    ),
    ("cargo", (_cargo,)),
    ("gem", (_verbs(adds="install", removes="uninstall", publishes="push yank"),)),
    ("bundle bundler", (_verbs(adds="add", removes="remove"),)),
    ("go", (_go,)),
    ("composer", (_composer,)),
    ("dotnet", (_verbs(adds="add", removes="remove"),)),
)
PACKAGES: Mapping[str, tuple[Judge, ...]] = {
    program: rules for programs, rules in _BY_RULES for program in programs.split()
}

_LAUNCH: Mapping[str, Collection[str]] = {  # program: the word behind which a command comes
    "uv": ("run",),
    "poetry": ("run",),
    "pdm": ("run",),
    "rye": ("run",),
    "hatch": ("run",),
    "pipenv": ("run",),
    "bundle": ("exec",),
    "npm": ("exec", "x"),
    "pnpm": ("exec",),
    "yarn": ("exec",),
}
_LAUNCHERS = ("npx", "bunx", "pnpx")
"""These do so with their first word."""


def launched(simple: Simple) -> int | None:
    """Where the command begins that a package manager starts (`uv run …`); None: it starts none."""
    texts = simple.texts
    program = texts[0].rpartition("/")[2]
    at = 1
    while at < len(texts) and texts[at].startswith("-"):
        at += 1
    if at >= len(texts) or program not in (*_LAUNCH, *_LAUNCHERS):
        return None
    if program in _LAUNCH:
        if texts[at] not in _LAUNCH[program]:
            return None
        at += 1
    while at < len(texts) and texts[at].startswith("-"):
        at += 2 if texts[at] in _WITH_WORD["uv"].split() else 1
    return at if at < len(texts) else None
