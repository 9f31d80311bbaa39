"""What a command of the tree is, and the options that several share."""

import argparse
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import NamedTuple

Examples = tuple[tuple[str, str], ...]


class Command(NamedTuple):
    summary: str
    add: Callable[[ArgumentParser], None]
    call: Callable[[Namespace], int]
    examples: Examples


def number(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {least} to {most}")
        return int(text)

    return parse


def filled(given: str) -> str:
    """Take anything but nothing: an unset variable of a script leaves ""."""
    if not given.strip():
        raise argparse.ArgumentTypeError("it is empty")
    return given


def text(given: str) -> str:
    """Take what names something; bytes that are no text name nothing that is stored."""
    filled(given)
    if any("\ud800" <= sign <= "\udfff" for sign in given):
        raise argparse.ArgumentTypeError(f"{given!a} is not UTF-8")
    return given


def nothing(_: ArgumentParser) -> None:
    """Add no options."""


def json_option(parser: ArgumentParser, what: str = "one array on stdout, nothing else") -> None:
    parser.add_argument("--json", action="store_true", help=f"for programs: {what}")


def limit_option(parser: ArgumentParser) -> None:
    most = 10**9
    parser.add_argument(
        "--limit", type=number(0, most), default=50, metavar="N", help="how many (50; 0: all)"
    )
