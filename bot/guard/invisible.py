"""Characters that readers do not see and models do."""

import html
import re
import unicodedata

# Of other categories than Cf and Cc, yet drawn as nothing: joiners, fillers, variation selectors.
_DRAWN_AS_NOTHING = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U000e0000-\U000e0fff\U0001d173-\U0001d17a"
)
_LINE_ENDS = re.compile("\r\n?|[\u0085\u2028\u2029]")
_ESCAPES = re.compile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)|[@-_])")
_CONTROL = "\x00-\x08\x0b-\x1f\x7f-\x9f"
_FORMAT = (
    "\u00ad\u0600-\u0605\u061c\u06dd\u070f\u08e2\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\U000110bd\U0001bca0-\U0001bca3\ud800-\udfff"
)
HIDDEN = re.compile(f"[{_CONTROL}{_FORMAT}{_DRAWN_AS_NOTHING}]+")
_ENTITY = re.compile(r"&(?:#[xX]0*[0-9a-fA-F]{1,6}|#0*[0-9]{1,7}|[A-Za-z]{2,31});?")
# Emoji are put together with these; one alone says nothing.
_EMOJI_GLUE = re.compile("[\u200d\ufe0e\ufe0f]")


def unix_lines(text: str) -> str:
    """Write every kind of line end as one newline."""
    return _LINE_ENDS.sub("\n", text)


def spans(text: str) -> list[tuple[int, int]]:
    """Return where invisible characters, escape sequences and entities for them stand."""
    found = [match.span() for match in _ESCAPES.finditer(text)]
    found += [match.span() for match in HIDDEN.finditer(text)]
    found += [m.span() for m in _ENTITY.finditer(text) if _is_hidden_entity(m[0])]
    return sorted(found)


def worth_telling(before: str, piece: str) -> bool:
    """Tell whether a removed piece could have said something; an emoji's glue could not."""
    if not _EMOJI_GLUE.fullmatch(piece):
        return True
    return not before or unicodedata.category(before[-1]) not in ("So", "Sk", "Sm", "Po", "Nd")


def shown(piece: str) -> str:
    """Write hidden text so that people can read it: tag characters as letters, others by number."""
    tags = "".join(chr(ord(c) - 0xE0000) if "\U000e0020" <= c <= "\U000e007e" else c for c in piece)
    return "".join(c if _is_seen(c) else f"<U+{ord(c):04X}>" for c in tags)


def _is_seen(character: str) -> bool:
    return character == "\n" or (character.isprintable() and not HIDDEN.fullmatch(character))


def _is_hidden_entity(entity: str) -> bool:
    meant = html.unescape(entity)
    return meant != entity and HIDDEN.fullmatch(meant) is not None
