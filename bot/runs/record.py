"""What every record of the vocabulary is made of."""

from typing import Any

from pydantic import BaseModel, ConfigDict

Json = Any  # a JSON value; mypy has no recursive alias that pydantic understands


class Record(BaseModel):
    """Base of all records: frozen, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")
