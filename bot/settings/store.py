"""Where the data lies, and how to log."""

import os
import stat
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings

from bot.errors import OperatorError
from bot.settings.values import CONFIG, PREFIX, absolute, is_text, secret

DATABASE_FILE = "coppice.sqlite"
ENGINE_FILE = "coppice-engine.sqlite"


class StoreSettings(BaseSettings):
    """Where the data lies, and how to log."""

    model_config = CONFIG

    data_dir: Path = Path("~/.local/state/coppice")
    """Everything that Coppice keeps; made with mode 0700."""
    database_url_file: Path | None = None
    database_url: str = Field(default="", repr=False)
    """`sqlite:///…` or `postgresql://…`; a file in the data directory when it is not given."""
    log_format: Literal["text", "json"] = "text"
    """How the log on stderr looks."""

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        path = absolute(value)
        if "?" in str(path):
            raise ValueError(f"must be a path without `?`, which {path} is not")
        if not is_text(str(path)):
            raise ValueError(f"must be a path in UTF-8, which {str(path)!a} is not")
        return path

    @field_validator("database_url", mode="before")
    @classmethod
    def _locate_database(cls, value: object, info: ValidationInfo) -> str:
        url = secret(value, info) or f"sqlite:///{info.data.get('data_dir')}/{DATABASE_FILE}"
        if urlsplit(url).scheme.partition("+")[0] not in ("sqlite", "postgresql"):
            raise ValueError("must begin with sqlite:/// or postgresql://")
        if url.startswith("sqlite") and "?" in url:
            raise ValueError("takes the path of a file after sqlite:///, without `?`")
        return url

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def engine_file(self) -> Path:
        """Of the durable engine, where the database is SQLite."""
        return self.data_dir / ENGINE_FILE

    @property
    def has_data(self) -> bool:
        """Say whether there can be anything to list, without making a file.

        Raises OperatorError where this user may not look.
        """
        path = Path(self.database_url.partition("///")[2])
        try:
            return not self.is_sqlite or path.exists()
        except OSError as error:
            raise OperatorError(
                f"{path} cannot be read: {error.strerror}."
                " Type this as the user that Coppice runs as."
            ) from error

    def prepare_data_dir(self) -> None:
        """Make the data directory, or close it to other users; refuse one that is not ours."""
        path = self.data_dir
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & 0o077:
                _close(path, mode)
        except OSError as error:
            raise OperatorError(
                f"{PREFIX}DATA_DIR: cannot use {path}: {error.strerror}."
                " Name a directory that this user may write."
            ) from error


def _close(path: Path, mode: int) -> None:
    """Close our own directory to others; one with somebody else's files in it stays as it is."""
    ours = (path / DATABASE_FILE).exists() or not any(path.iterdir())
    if not ours or path.stat().st_uid != os.geteuid():
        raise OperatorError(
            f"{PREFIX}DATA_DIR: {path} is open to other users (mode {mode:o})."
            f" Run `chmod 700 {path}`, or name another directory."
        )
    path.chmod(0o700)
