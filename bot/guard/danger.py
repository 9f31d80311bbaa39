"""Judge a shell command that an agent wants to run, by what it names: three tiers, no shell.

This is an early stop and a record of what was tried. Somebody who means harm can write what no
reader understands; that is why the box is the boundary, and why what cannot be read is refused.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from bot.guard import shell
from bot.guard.programs import RULES
from bot.guard.shell import Simple, Word
from bot.guard.shell_text import Unreadable
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
_WRAPPERS: Mapping[str, str] = {  # program: its options that take a word
    "env": "uSC",
    "nohup": "",
    "nice": "n",
    "ionice": "cn",
    "timeout": "sk",
    "stdbuf": "ioe",
    "setsid": "",
    "exec": "a",
    "command": "",
    "builtin": "",
    "time": "fo",
    "chrt": "",
    "busybox": "",
    "toybox": "",
    "watch": "n",
    "unbuffer": "",
    "xargs": "IndPsLEa",
    "parallel": "j",
}


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
    simple = _unwrapped(simple)
    if not simple.words:
        return
    first = simple.words[0]
    if first.computed:
        yield _by_source(first.inner) or risky("which program it starts cannot be told")
        return
    program = posixpath.basename(first.text)
    if program in SHELLS or program in ("eval", "source", "."):
        yield from _shell(program, simple, place, depth)
    elif INTERPRETERS.fullmatch(program):
        yield from _interpreter(simple, place, depth)
    elif program == "find":
        yield from _find(simple, place, depth)
    for rule in RULES.get(program, ()):
        yield from rule(simple, place)


def _unwrapped(simple: Simple) -> Simple:
    """Take away what only starts another program."""
    words = simple.words
    for _ in range(10):
        program = "" if not words or words[0].computed else posixpath.basename(words[0].text)
        if program not in _WRAPPERS:
            break
        words = _behind(program, words[1:])
    return replace(simple, words=words)


def _behind(program: str, words: tuple[Word, ...]) -> tuple[Word, ...]:
    """Skip a starter's own options; what is left is what it starts."""
    takes_word = _WRAPPERS[program]
    while words and (words[0].text.startswith("-") or "=" in words[0].text):
        option, words = words[0].text, words[1:]
        if (program, option) == ("env", "-S") and words:
            return (*(Word(text=text) for text in words[0].text.split()), *words[1:])
        if len(option) == 2 and option[1] in takes_word:
            words = words[1:]
    if program in ("timeout", "chrt"):
        words = words[1:]
    if program in ("xargs", "parallel"):
        words = (*words, Word(text="$…", computed=True))
    return words


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
        yield from _simple(
            replace(simple, words=simple.words[texts.index("-m") + 1 :]), place, depth + 1
        )
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
_LIST = re.compile(rf"\[\s*({_WORD}(?:\s*,\s*{_WORD})*)\s*,?\s*\]")
_REMOVES = re.compile(r"""(?:rmtree|rmSync|rm_rf|remove_tree)\(\s*['"]([^'"\n]*)['"]""")


def _in_strings(code: str, place: Place, depth: int) -> Iterator[Verdict]:
    """Judge what stands in quotes in another language's code as if a shell would get it."""
    code = code[:LONGEST_CODE]
    for match in _REMOVES.finditer(code):
        yield from _judged(("rm", "-rf", match[1]), place, depth + 1)
    for match in _QUOTED.finditer(code):
        text = match[1] or match[2] or match[3]
        verdicts = list(_judged(text, place, depth + 1))
        yield from (verdict for verdict in verdicts if verdict.danger is Danger.FORBIDDEN)
    for match in _LIST.finditer(code):
        words = [word[1:-1] for word in re.findall(_WORD, match[1])]
        yield from _judged(words, place, depth + 1)


def _find(simple: Simple, place: Place, depth: int) -> Iterator[Verdict]:
    texts = simple.texts
    first = next((at for at, text in enumerate(texts[1:], 1) if text[:1] in "-(!"), len(texts))
    roots = texts[1:first] or (".",)
    if "-delete" in texts:
        if any(outside for _, outside in _located(roots, place)):
            yield forbidden("it removes files outside the worktree")
        else:
            yield risky("what it removes cannot be told; name the files")
    named = [root if outside else f"{root}/$…" for root, outside in _located(roots, place)]
    for flag in ("-exec", "-execdir", "-ok", "-okdir"):
        if flag in texts[:-1]:
            inner = [text for text in texts[texts.index(flag) + 1 :] if text not in _FIND_MARKS]
            yield from _judged((*inner, *named), place, depth + 1)


_FIND_MARKS = (";", "+", "{}")


def _located(roots: Sequence[str], place: Place) -> Iterator[tuple[str, bool]]:
    """Say of each whether it certainly lies outside the worktree."""
    for root in roots:
        path = place.of(root)
        inside = path is None or path == place.tree or place.holds(path)
        yield root, not inside
