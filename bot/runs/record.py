"""What every record of the vocabulary is made of."""

from typing import Any

from pydantic import BaseModel, ConfigDict

Json = Any  # a JSON value; mypy has no recursive alias that pydantic understands


class Record(BaseModel):
    """Base of all records: frozen, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Kept(Record):
    """Base of records that outlive a release: keys that a newer one wrote are carried along.

    So one release back still reads what is there, and loses nothing that it does not understand.
    """

    model_config = ConfigDict(extra="allow")
