"""What a command is behind the programs that only start another: `env`, `timeout`, `xargs`."""

import posixpath
from collections.abc import Mapping
from dataclasses import replace

from bot.guard.shell import Simple, Word

UNTOLD = Word(text="$ARGS", computed=True)
"""Stands for words that only a running program gets to see."""
_OPTIONS: Mapping[str, str] = {  # program: its options that take a word
    "env": "-u -S -C --unset --chdir --split-string",
    "nohup": "",
    "nice": "-n --adjustment",
    "ionice": "-c -n --class --classdata",
    "timeout": "-s -k --signal --kill-after",
    "stdbuf": "-i -o -e --input --output --error",
    "setsid": "",
    "exec": "-a",
    "command": "",
    "builtin": "",
    "time": "-f -o --format --output",
    "chrt": "",
    "taskset": "",
    "flock": "-w -E --wait --timeout --conflict-exit-code",
    "strace": "-e -o -p -s -u",
    "xvfb-run": "-n -s",
    "busybox": "",
    "toybox": "",
    "watch": "-n --interval",
    "unbuffer": "",
    "coproc": "",
    "xargs": "-I -n -d -P -s -L -E -a --max-args --max-procs --delimiter --arg-file --max-lines",
    "parallel": "-j --jobs",
}
_ONE_WORD_MORE = ("timeout", "chrt", "taskset", "flock")


def unwrapped(simple: Simple) -> Simple:
    """Take away what only starts another program."""
    words = simple.words
    for _ in range(10):
        program = "" if not words or words[0].computed else posixpath.basename(words[0].text)
        if program not in _OPTIONS:
            break
        words = _behind(program, words[1:])
    return replace(simple, words=words)


def _behind(program: str, words: tuple[Word, ...]) -> tuple[Word, ...]:
    """Skip a starter's own options; what is left is what it starts."""
    takes_word = _OPTIONS[program].split()
    mark = "{}"
    while words and (words[0].text.startswith("-") or "=" in words[0].text):
        option, words = words[0].text, words[1:]
        if program == "env" and (split := _split(option, words)) is not None:
            return split
        if program == "command" and option in ("-v", "-V"):
            return ()
        if option in takes_word:
            mark = words[0].text if words and option == "-I" else mark
            words = words[1:]
    if program in _ONE_WORD_MORE:
        words = words[1:]
    if program == "parallel" and words and words[0].text == ":::":
        return _told(words)
    if program in ("xargs", "parallel"):
        words = (*(_filled(word, mark) for word in words), UNTOLD)
    return words


def _told(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """Read `parallel ::: 'a b' c`, where nothing is to be started but what is listed."""
    if any(word.computed for word in words):
        return (UNTOLD,)
    lines = (word.text for word in words if not word.text.startswith(":::"))
    return (Word(text="sh"), Word(text="-c"), Word(text="\n".join(lines)))


def _split(option: str, words: tuple[Word, ...]) -> tuple[Word, ...] | None:
    """Read `env -S 'a b' c`, however it is spelt."""
    if option in ("-S", "-vS", "-iS", "--split-string"):
        text, words = (words[0].text, words[1:]) if words else ("", ())
    elif option.startswith("-S"):
        text = option[2:]
    elif option.startswith("--split-string="):
        text = option.partition("=")[2]
    else:
        return None
    return (*(Word(text=part) for part in text.split()), *words)


def _filled(word: Word, mark: str) -> Word:
    if not mark or mark not in word.text:
        return word
    return replace(word, text=word.text.replace(mark, UNTOLD.text), computed=True)
