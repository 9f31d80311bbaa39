"""The composition root: what `coppice` and `python -m bot` start."""

import sys

from bot.cli import dispatch


def main() -> None:
    sys.exit(dispatch(sys.argv[1:]))


if __name__ == "__main__":
    main()
