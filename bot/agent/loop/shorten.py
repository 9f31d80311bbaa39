"""Cut what is too long for a model: head and tail stay, since failures stand at the end."""


def shorten(text: str, most: int) -> str:
    """Leave out the middle of a text of more than ``most`` characters, and say how much it was."""
    if len(text) <= most:
        return text
    head, tail = most // 2, most - most // 2
    missing = len(text) - most
    return f"{text[:head]}\n[… {missing:,} characters are left out …]\n{text[-tail:]}"
