"""Read from a webhook's body what its place in the journal needs, whatever shape it has."""

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import msgspec

_LARGEST = 2**63 - 1  # a column's limit
_LONGEST = 200

_Id = Annotated[int, msgspec.Meta(ge=0, le=_LARGEST)]
_Name = Annotated[str, msgspec.Meta(max_length=_LONGEST, pattern=r"^[^\x00]*\Z")]


class NotJson(ValueError):
    """The body is not JSON."""


class Fields(NamedTuple):
    action: str | None
    repository: str | None
    repository_id: int | None
    number: int | None
    installation_id: int | None


class _Repository(msgspec.Struct, gc=False):
    id: _Id
    full_name: _Name


class _Numbered(msgspec.Struct, gc=False):
    number: _Id


class _Installation(msgspec.Struct, gc=False):
    id: _Id


class _Body(msgspec.Struct, gc=False):
    action: _Name | None = None
    repository: _Repository | None = None
    issue: _Numbered | None = None
    pull_request: _Numbered | None = None
    installation: _Installation | None = None


_usual = msgspec.json.Decoder(_Body)


def read_fields(body: bytes) -> Fields:
    """Find the fields; one that is absent or of another type is None. Raises NotJson."""
    try:
        found = _usual.decode(body)
    except msgspec.ValidationError:
        return _of_any_shape(_decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotJson(str(error)) from error
    repository, installation = found.repository, found.installation
    numbered = found.issue or found.pull_request
    return Fields(
        found.action,
        repository.full_name if repository else None,
        repository.id if repository else None,
        numbered.number if numbered else None,
        installation.id if installation else None,
    )


def _decode(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotJson(str(error)) from error


def _of_any_shape(body: Any) -> Fields:
    return Fields(
        _name(_at(body, "action")),
        _name(_at(body, "repository", "full_name")),
        _id(_at(body, "repository", "id")),
        _id(_at(body, "issue", "number")) or _id(_at(body, "pull_request", "number")),
        _id(_at(body, "installation", "id")),
    )


def _at(value: Any, *path: str) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _name(value: Any) -> str | None:
    fits = isinstance(value, str) and len(value) <= _LONGEST and "\x00" not in value
    return value if fits else None


def _id(value: Any) -> int | None:
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST
    return value if fits else None
