"""A JSON object as the forge passes it around."""

from typing import Any

Json = dict[str, Any]
