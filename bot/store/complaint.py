"""What is wrong with a row, in words that hold none of its values."""

from pydantic import ValidationError


def complaint(error: ValidationError) -> str:
    """Say it in one line."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"`{where}` is not what Coppice writes: {first['msg'][:200]}"
