"""What a path in a change is: junk to leave out, unsafe to write, not for an agent to touch."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

_JUNK_DIRECTORIES = frozenset(
    {
        "node_modules",
        "bower_components",
        "__pycache__",
        ".pytest_cache",
        ".mypy_cache",
        ".ruff_cache",
        ".hypothesis",
        ".tox",
        ".nox",
        ".venv",
        "venv",
        ".eggs",
        ".gradle",
        ".turbo",
        ".parcel-cache",
        ".nyc_output",
        ".sass-cache",
        ".cache",
        ".ipynb_checkpoints",
        ".terraform",
    }
)
_JUNK_FILES = re.compile(
    r"\.DS_Store|Thumbs\.db|desktop\.ini|\.coverage(?:\..+)?|\.eslintcache|npm-debug\.log.*|core\.\d+"
    r"|.+\.(?:py[co]|swp|swo|orig|rej|bak|tmp)|.+~|.+\.egg-info",
    re.IGNORECASE,
)
# Ignored by HFS+ in names (https://git-scm.com has the same list in `utf8.c`), and by readers.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_DOT_GIT = re.compile(r"\.git|git~\d+")
_PROTECTED = (
    (re.compile(r"\.github"), "it would take the place of the folder that rules the repository"),
    (
        re.compile(r"\.github/workflows(?:/.+)?"),
        "a workflow file: the App has no permission for these",
    ),
    (re.compile(r"\.github/actions(?:/.+)?"), "an action that workflows of this repository run"),
    (re.compile(r"\.github/coppice\.ya?ml"), "Coppice's own configuration"),
    (re.compile(r"(?:\.github/|docs/|\.gitlab/)?codeowners"), "it says who must approve"),
    (
        re.compile(r"(?:.*/)?(?:\.gitmodules|gitmod~\d+|gi7eba~\d+)"),
        "submodules fetch code from elsewhere",
    ),
    (
        re.compile(
            r"(?:.*/)?\.(?:agents|claude|gemini|codex|cursor|opencode|continue|windsurf|roo|kiro"
            r"|amazonq|cursorrules|windsurfrules|clinerules|aider[^/]*|qwen|junie|kilocode|augment"
            r"|trae|goose|goosehints|crush|factory|openhands)(?:/.+)?"
        ),
        "agents take orders from it",
    ),
    (
        re.compile(r"(?:.*/)?(?:\.mcp\.json|opencode\.jsonc?|\.?crush\.json)"),
        "agents start programs from it",
    ),
    (
        re.compile(r"(?:.*/)?\.vscode/(?:tasks|settings|launch|mcp|extensions)\.json"),
        "editors start programs from it",
    ),
    (
        re.compile(r"(?:.*/)?(?:\.(?:idea|devcontainer|zed)(?:/.+|\.json)|[^/]*\.code-workspace)"),
        "editors start programs from it",
    ),
    (
        re.compile(
            r"(?:.*/)?(?:\.(?:husky|githooks|lefthook)(?:/.+)?|\.?lefthook(?:-local)?\.\w+)"
        ),
        "git hooks run on people's machines",
    ),
    (
        re.compile(
            r"(?:.*/)?(?:\.yarnrc(?:\.yml)?|\.yarn/(?:releases|plugins)/.+|\.pnpmfile\.c?js"
            r"|\.cargo/config(?:\.toml)?)"
        ),
        "package tools start programs from it",
    ),
)


def junk(path: str) -> bool:
    """Tell whether an untracked file is a cache or a leftover that nobody wants in a commit."""
    *directories, name = path.split("/")
    return not _JUNK_DIRECTORIES.isdisjoint([*directories, name]) or any(
        _JUNK_FILES.fullmatch(part) for part in (name, *directories)
    )


def unsafe(path: str) -> str | None:
    """Say why a path must never be written, or None: git's own directory, a way out, a trick."""
    parts = path.split("/")
    if not path or "" in parts:
        return "it is not a relative path"
    if why := _odd(path):
        return why
    if any(part in (".", "..") or folded(part) in ("", "..") for part in parts):
        return "it leads out of the tree"
    if any(_DOT_GIT.fullmatch(folded(part)) for part in parts):
        return "it is or looks like git's own directory"
    return f"its name, {path!a}, holds invisible characters" if _INVISIBLE.search(path) else None


def _odd(path: str) -> str | None:
    """Say what nobody could see in a name, or Windows would take for something else."""
    if not _is_text(path):
        return f"its name, {path!a}, is not UTF-8"
    if _CONTROL.search(path):
        return f"its name, {path!a}, holds control characters"
    if path[1:2] == ":":
        return "its name begins as a drive of Windows does"
    leads = "its name holds a backslash, which leads into a folder on Windows"
    return leads if "\\" in path else None


def protected(path: str) -> str | None:
    """Say why an agent may not touch a path, or None: what runs or rules elsewhere."""
    plain = "/".join(folded(part) for part in path.split("/"))
    return next((why for pattern, why in _PROTECTED if pattern.fullmatch(plain)), None)


def collisions(added: Iterable[str], paths: Iterable[str]) -> dict[str, str]:
    """Find added paths that a file system takes for another one's: the other by each.

    Where letter case and Unicode's forms of a letter make no difference (macOS, Windows), one takes
    the place of the other when somebody checks the repository out, whatever the review showed.
    ``paths`` are all of the tree.
    """
    new = set(added)
    old = {name for path in paths if path not in new for name in _with_folders(path)}
    spelled: dict[str, list[str]] = {}
    for name in old.union(*map(_with_folders, new)):
        spelled.setdefault(_alike(name), []).append(name)
    return {
        path: min(other for other in spelled[_alike(name)] if other != name)
        for path in sorted(new)
        for name in _with_folders(path)
        if name not in old and len(spelled[_alike(name)]) > 1
    }


def _with_folders(path: str) -> Iterator[str]:
    """The path and every folder that it lies in."""
    end = path.find("/")
    while end >= 0:
        yield path[:end]
        end = path.find("/", end + 1)
    yield path


def _alike(path: str) -> str:
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def leads_out(path: str, target: bytes) -> bool:
    """Tell whether a symbolic link may end outside of the tree, or in git's directory.

    ``x/..`` counts as a way out: where ``x`` is a link itself, it leads anywhere.
    """
    try:
        parts = [part for part in target.decode().split("/") if part not in ("", ".")]
    except UnicodeDecodeError:
        return True
    ups = next((n for n, part in enumerate(parts) if part != ".."), len(parts))
    inside = "/".join(parts[ups:])
    escapes = target.startswith(b"/") or ups > path.count("/")
    return not target or escapes or bool(inside and unsafe(inside))


def folded(name: str) -> str:
    """Reduce a name to what case-insensitive file systems, HFS+ and NTFS take it for."""
    visible = _INVISIBLE.sub("", unicodedata.normalize("NFKC", name))
    stem = _INVISIBLE.sub("", visible).casefold().split(":", 1)[0]
    return stem.rstrip(" .") if stem.strip(".") else stem


def _is_text(path: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in path)
