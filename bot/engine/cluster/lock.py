"""One service per data directory: the engine's executor id is held under an exclusive lock."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bot.errors import OperatorError

IN_USE = 3  # exit code


@contextmanager
def hold(data_dir: Path) -> Iterator[None]:
    """Hold the data directory; raise ``OperatorError`` that names the process which has it.

    Its exit code is ``IN_USE`` then, and another one where this user may not hold it.
    """
    path = data_dir / "service.lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise OperatorError(
            f"{path} cannot be written: {error.strerror}. Type this as the user that Coppice runs"
            " as, to whom the data directory has to belong."
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(descriptor, 200).decode(errors="replace").strip() or "another process"
            raise OperatorError(
                f"The data directory {data_dir} is in use by {holder}. Stop it first, or give this "
                "one a COPPICE_DATA_DIR of its own. On SQLite one plain `coppice serve` does all.",
                exit_code=IN_USE,
            ) from None
        os.truncate(descriptor, 0)
        since = datetime.now(UTC).isoformat(timespec="seconds")
        os.write(
            descriptor, f"process {os.getpid()} on {socket.gethostname()} since {since}".encode()
        )
        yield
    finally:
        os.close(descriptor)
