"""Where a mail that was answered begins: what stands below are another person's words.

GitHub takes comments by mail. Programs that quote with ``>`` are told from the writer by Markdown;
those that put a line or a head above the old mail, and nothing before its lines, are not.
"""

import re

_ADDRESS = r"<[^<>\s@]+@[^<>\s@]+>"
_WORDS = (
    r"Original Message|Forwarded message|Begin forwarded message|Urspr\u00fcngliche Nachricht|"
    r"Weitergeleitete Nachricht|Message d'origine|Mensaje original|Messaggio originale|"
    r"Oorspronkelijk bericht|Mensagem original"
)
_FROM = r"(?:From|Von|De|Da|Van|Fra|Fr\u00e5n|Od)"
_BEGINNING = re.compile(
    rf"^(?:-{{2,20}} ?(?:{_WORDS}) ?-{{2,20}}"
    rf"|[^\n]*{_ADDRESS}(?:[^\n]{{0,40}}|[ \t]*\n[^\n]{{1,40}}):"
    r"|On [^\n]{5,200} wrote:|Am [^\n]{5,200} schrieb [^\n]{1,100}:|Le [^\n]{5,200} a \u00e9crit ?:"
    rf"|\*{{0,2}}{_FROM} ?:[^\n@]+@[^\n]+\n\*{{0,2}}[^\W\d_]{{2,12}} ?:[^\n]+)"
    r"[ \t]*$(?!\s*>)",
    re.MULTILINE | re.IGNORECASE,
)


def own_words(text: str) -> str:
    """Return what the writer of a comment wrote above a mail that it answers without marks."""
    found = _BEGINNING.search(text)
    return text[: found.start()] if found else text
