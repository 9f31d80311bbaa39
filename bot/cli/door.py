"""What the door is told, read by a process of its own where the one that stays up is to be small.

Checking settings loads more than taking deliveries in does.
"""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal, Self

from bot.errors import OperatorError

if TYPE_CHECKING:
    from bot.settings import DoorSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """The settings of the door as plain text and numbers."""

    host: str
    port: int
    public_url: str | None
    webhook_secret: str
    webhook_secret_previous: str
    metrics: Literal["local", "on", "off"]
    metrics_token: str
    data_dir: str
    database_url: str
    log_format: Literal["text", "json"]
    secrets: tuple[str, ...]

    @classmethod
    def of(cls, settings: "DoorSettings") -> Self:
        """Take them from checked settings, and prepare the data directory."""
        settings.prepare_data_dir()
        return cls(
            host=settings.host,
            port=settings.port,
            public_url=settings.public_url,
            webhook_secret=settings.webhook_secret.get_secret_value(),
            webhook_secret_previous=settings.webhook_secret_previous.get_secret_value(),
            metrics=settings.metrics,
            metrics_token=settings.metrics_token.get_secret_value(),
            data_dir=str(settings.data_dir),
            database_url=settings.database_url,
            log_format=settings.log_format,
            secrets=settings.secrets,
        )


def read_apart() -> Door:
    """Have another process read and check them. Raises OperatorError."""
    done = subprocess.run(
        [sys.executable, "-m", __name__], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise OperatorError(done.stderr.strip(), exit_code=done.returncode)
    return Door(**json.loads(done.stdout))


def main() -> int:
    """Write them as JSON for the process that asked, which alone reads this."""
    from bot.settings import DoorSettings, load

    try:
        door = Door.of(load(DoorSettings))
    except OperatorError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    json.dump(asdict(door), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
