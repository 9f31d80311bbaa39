"""Judge a shell command that an agent wants to run, by what it names: three tiers, no shell.

This is an early stop and a record of what was tried. Somebody who means harm can write what no
reader understands; that is why the box is the boundary, and why what cannot be read is refused.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from bot.guard import shell
from bot.guard.packages import launched
from bot.guard.programs import made_anew, rules_for
from bot.guard.shell import Simple, Word
from bot.guard.shell_text import Unreadable
from bot.guard.starters import UNTOLD, unwrapped
from bot.guard.verdict import DEVICES, HOME, SAFE, Danger, Place, Verdict, forbidden, risky


def judge(command: str | Sequence[str], *, tree: str = "/tree") -> Verdict:
    """Judge a command line, or an argument list; ``tree`` is the worktree, where it begins."""
    verdicts = [SAFE, *_judged(command, Place(tree=tree, cwd=tree), 0)]
    return max(verdicts, key=lambda verdict: verdict.danger)


DEEPEST = 5
LONGEST_CODE = 20_000
"""Characters of another language's code that are looked at."""
SHELLS = frozenset(("sh", "bash", "dash", "zsh", "ash", "ksh", "fish"))
INTERPRETERS = re.compile(r"(python|pypy|perl|ruby|node|nodejs|php|lua|deno|bun)[0-9.]*")
FETCHERS = frozenset(("curl", "wget", "fetch", "aria2c", "http", "https", "lynx", "nc", "ncat"))
DECODERS = frozenset(
    ("base64", "base32", "xxd", "openssl", "gunzip", "zcat", "rev", "tr", "uudecode")
)
PLAIN = frozenset(("echo", "printf", "cat"))


def _judged(command: str | Sequence[str], place: Place, depth: int) -> Iterator[Verdict]:
    if depth > DEEPEST:
        yield risky("it is nested too deep to be read")
        return
    if not isinstance(command, str):
        words = tuple(Word(text=word) for word in command)
        yield from _simple(Simple(words=words), place, depth)
        return
    if re.search(r":\s*\(\s*\)\s*\{.*:\s*\|\s*:", command):
        yield forbidden("it starts itself without end")
        return
    try:
        found = shell.read(command)
    except Unreadable as error:
        yield risky(f"it cannot be read: {error}")
        return
    for simple in found:
        yield from _simple(simple, place, depth)
        place = _moved(simple, place)


def _moved(simple: Simple, place: Place) -> Place:
    if not simple.words or simple.words[0].text not in ("cd", "pushd"):
        return place
    paths = [word for word in simple.words[1:] if not word.text.startswith("-")]
    if not paths:
        return replace(place, cwd=HOME)
    return replace(place, cwd=None if paths[0].inner else place.of(paths[0].text))


def _simple(simple: Simple, place: Place, depth: int) -> Iterator[Verdict]:
    yield from _writes(simple.writes, place)
    yield from _names(simple)
    simple = unwrapped(simple)
    if not simple.words:
        return
    first = simple.words[0]
    if first.computed:
        yield _by_source(first.inner) or risky("which program it starts cannot be told")
        return
    program = posixpath.basename(first.text)
    yield from _inner(program, simple, place, depth)
    for rule in rules_for(program):
        yield from rule(simple, place)


def _inner(program: str, simple: Simple, place: Place, depth: int) -> Iterator[Verdict]:
    """Judge what the program is told to start."""
    if program in SHELLS or program in ("eval", "source", "."):
        yield from _shell(program, simple, place, depth)
    elif INTERPRETERS.fullmatch(program):
        yield from _interpreter(simple, place, depth)
    elif program == "find":
        yield from _find(simple, place, depth)
    elif program in _CODE_OF:
        yield from _told(_CODE_OF[program], simple, place, depth)
    if (begins := launched(simple)) is not None:
        yield from _judged_again(replace(simple, words=simple.words[begins:]), place, depth)


def _judged_again(simple: Simple, place: Place, depth: int) -> Iterator[Verdict]:
    if depth >= DEEPEST:
        yield risky("it is nested too deep to be read")
    else:
        yield from _simple(simple, place, depth + 1)


_CODE_OF: Mapping[str, "re.Pattern[str]"] = {  # program: what in its words a shell gets
    **dict.fromkeys(("awk", "gawk", "mawk", "nawk"), re.compile(r'system\(\s*"((?:[^"\\]|\\.)*)"')),
    **dict.fromkeys(("sed", "gsed"), re.compile(r"(?:^|[;{/!$\d\n])[ \t]*e[ \t]+([^\n]+)")),
    **dict.fromkeys(("make", "gmake"), re.compile(r"^SHELL:{0,3}=(.+)", re.DOTALL)),
    **dict.fromkeys(("vim", "vi", "nvim", "ex", "view"), re.compile(r"!([^\n]+)")),
    "alias": re.compile(r"^[^=\s]+=(.+)", re.DOTALL),
    "trap": re.compile(r"^([^-].*)", re.DOTALL),
    **dict.fromkeys(("script", "npx", "bunx"), re.compile(r"^(.*\s.*)", re.DOTALL)),
}


def _told(
    pattern: "re.Pattern[str]", simple: Simple, place: Place, depth: int
) -> Iterator[Verdict]:
    for text in simple.texts[1:]:
        for match in pattern.finditer(text[:LONGEST_CODE]):
            yield from _judged(match[1], place, depth + 1)


def _writes(files: Sequence[Word], place: Place) -> Iterator[Verdict]:
    for file in files:
        path = place.of(file.text)
        if path is None or DEVICES.fullmatch(path) or place.holds(path):
            continue
        yield forbidden(f"it writes to {file.text[:100]}, outside the worktree")


def _names(simple: Simple) -> Iterator[Verdict]:
    for text in simple.texts:
        if re.search(r"wallet\.dat|\.macaroon|\bchainstate\b", text):
            yield forbidden("it touches the keys of a wallet")
        if re.search(r"/proc/[^/\s]+/(environ|mem)\b", text):
            yield forbidden("it reads another program's memory or environment")


def _shell(program: str, simple: Simple, place: Place, depth: int) -> Iterator[Verdict]:
    words = simple.words[1:]
    if program == "eval":
        yield from _code(words, place, depth)
        return
    flags = [at for at, word in enumerate(words) if re.fullmatch(r"-[a-z]*c[a-z]*", word.text)]
    if flags:
        yield from _code(words[flags[0] + 1 : flags[0] + 2], place, depth)
        return
    for word in words:
        if word.inner:
            yield _by_source(word.inner) or risky("what it runs cannot be told")
    if program in SHELLS and all(word.text.startswith("-") for word in words):
        yield from _read_in(simple, place, depth)


def _code(words: Sequence[Word], place: Place, depth: int) -> Iterator[Verdict]:
    inner = tuple(simple for word in words for simple in word.inner)
    if inner:
        yield _by_source(inner) or risky("what it runs cannot be told")
    yield from _judged(" ".join(word.text for word in words), place, depth + 1)


def _read_in(simple: Simple, place: Place, depth: int) -> Iterator[Verdict]:
    """Judge a shell that runs what comes in."""
    if simple.given is not None:
        yield from _judged(simple.given, place, depth + 1)
    before = list(simple.pipeline)
    if not before:
        return
    bad = _by_source(before)
    if bad is not None:
        yield bad
        return
    nearest = before[0]
    if nearest.words and nearest.words[0].text in PLAIN and len(before) == 1:
        text = nearest.given or " ".join(nearest.texts[1:])
        yield from _judged(text.replace("\\n", "\n"), place, depth + 1)
        return
    yield risky("a shell runs what comes out of another program")


def _by_source(commands: Sequence[Simple]) -> Verdict | None:
    """Say where code comes from that is to be run, where that is telling."""
    programs = {posixpath.basename(one.words[0].text) for one in commands if one.words}
    if programs & FETCHERS:
        return forbidden("it runs what it fetches")
    return forbidden("it runs what it decodes") if programs & DECODERS else None


def _interpreter(simple: Simple, place: Place, depth: int) -> Iterator[Verdict]:
    texts = simple.texts
    scripts = [text for text in texts[1:] if not text.startswith("-")]
    if not scripts or scripts[0] == "-":
        bad = _by_source(list(simple.pipeline))
        if bad is not None:
            yield bad
    if "-m" in texts[:-1]:
        module = replace(simple, words=simple.words[texts.index("-m") + 1 :])
        yield from _judged_again(module, place, depth)
    code = [simple.given or ""]
    for flag in ("-c", "-e", "-r", "-pe", "-ne", "--eval"):
        if flag in texts[:-1]:
            code.append(texts[texts.index(flag) + 1])
            yield from _code_fetched(simple.words[texts.index(flag) + 1])
    for text in code:
        yield from _in_strings(text, place, depth)


def _code_fetched(word: Word) -> Iterator[Verdict]:
    bad = _by_source(word.inner)
    if bad is not None:
        yield bad


_QUOTED = re.compile(r"""'((?:[^'\\\n]|\\.){2,})'|"((?:[^"\\\n]|\\.){2,})"|`([^`\n]{2,})`""")
_WORD = r"""(?:'[^'\n]*'|"[^"\n]*")"""
_STARTS = re.compile(
    r"system|popen|proc|spawn|exec|pty|shell|\brun\b|%x|qx|import_|attr|eval|send|[\"']\||\|\s*[\"']",
    re.IGNORECASE,
)
"""What code of another language says that starts a program, or calls what it does not name; without
it, quotes hold words. `"|-"` and `"rm x |"` are Perl's."""
_LIST = re.compile(rf"\[\s*({_WORD}(?:\s*,\s*{_WORD})*)\s*,?\s*\]")
_REMOVES = re.compile(r"""(?:rmtree|rmSync|rm_rf|remove_tree)\(\s*['"]([^'"\n]*)['"]""")


def _in_strings(code: str, place: Place, depth: int) -> Iterator[Verdict]:
    """Judge what stands in quotes in another language's code as if a shell would get it."""
    code = code[:LONGEST_CODE]
    for match in _REMOVES.finditer(code):
        yield from _judged(("rm", "-rf", match[1]), place, depth + 1)
    starts = _STARTS.search(code) is not None
    for match in _QUOTED.finditer(code):
        text = match[3] or (match[1] or match[2] if starts else "")
        verdicts = list(_judged(text, place, depth + 1))
        yield from (verdict for verdict in verdicts if verdict.danger is Danger.FORBIDDEN)
    for match in _LIST.finditer(code):
        words = [word[1:-1] for word in re.findall(_WORD, match[1])]
        yield from _judged(words, place, depth + 1)


def _find(simple: Simple, place: Place, depth: int) -> Iterator[Verdict]:
    texts = simple.texts
    first = next((at for at, text in enumerate(texts[1:], 1) if text[:1] in "-(!"), len(texts))
    roots = texts[1:first] or (".",)
    named_so = _named_so(texts)
    if "-delete" in texts:
        if any(outside for _, outside in _located(roots, place)):
            yield forbidden("it removes files outside the worktree")
        elif not named_so:
            yield risky("what it removes cannot be told; name the files")
    behind = named_so or UNTOLD.text
    named = [root if outside else f"{root}/{behind}" for root, outside in _located(roots, place)]
    for flag in ("-exec", "-execdir", "-ok", "-okdir"):
        if flag in texts[:-1]:
            inner = [text for text in texts[texts.index(flag) + 1 :] if text not in _FIND_MARKS]
            yield from _judged((*inner, *named), place, depth + 1)


_FIND_MARKS = (";", "+", "{}")
_FIND_ELSE = frozenset(("!", "-not", "-o", "-or", ","))


def _named_so(texts: Sequence[str]) -> str:
    """What it finds, where that is only what tools make again; else empty."""
    named = [texts[at + 1] for at, text in enumerate(texts[:-1]) if text in ("-name", "-iname")]
    sure = bool(named) and all(map(made_anew, named)) and not _FIND_ELSE & set(texts)
    return named[0] if sure else ""


def _located(roots: Sequence[str], place: Place) -> Iterator[tuple[str, bool]]:
    """Say of each whether it certainly lies outside the worktree."""
    for root in roots:
        path = place.of(root)
        inside = path is None or path == place.tree or place.holds(path)
        yield root, not inside
