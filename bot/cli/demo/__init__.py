"""`coppice demo`: one run on this machine, from a labelled issue to a draft pull request."""

from argparse import Namespace

from bot.cli.demo import options, play


def run(arguments: Namespace) -> int:
    """Check what was asked for, then do it."""
    return play.run(options.read(arguments))
