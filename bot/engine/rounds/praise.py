"""Whether the words of an approving review want anything: praise alone starts nothing. Pure.

Whatever is not known for praise counts as asked for: a person is asked before anything is pushed on
top of an approval, so a word too many costs a question, and one too few would be lost.
"""

import re

from bot.guard.sanitize import sanitize

_QUOTED = re.compile(r"^ {0,3}>.*$", re.MULTILINE)
_SIGNS = re.compile(r":[a-z0-9_+-]+:|\+1\b|\br\+", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+|\n+")
_WORD = re.compile(r"[^\W_]")
_PRAISE = re.compile(
    r"\b(?:lgtm|sgtm|ack|approved?|approving|ship|shipit|looks|looking|good|great|nice|nicely|"
    r"perfect|excellent|awesome|amazing|fantastic|wonderful|lovely|love|like|neat|clean|cool|fine|"
    r"solid|clear|elegant|beautiful|impressive|well done|thank|thanks|thx|cheers|kudos|congrats|"
    r"ok|okay|yes|yep|sure|works|worked|tested|verified|checked|confirmed|happy|"
    r"no (?:further |more |other )?(?:comments?|objections?|issues?|concerns?|notes?|remarks?)|"
    r"nothing (?:else |more )?(?:to|from) \w+)\b",
    re.IGNORECASE,
)
_NOUNS = re.compile(
    r"\bnothing (?:else |more )?to (?:add|change|fix)\b|"
    r"\b(?:nice|good|great|neat|clean|quick|the|this|your) (?:fix|changes?|update|use|move)\b",
    re.IGNORECASE,
)
"""What only looks like a request."""
_WANTED = re.compile(
    r"\?|```|~~~|^\s*[-*] \[ \]|\b(?:but|please|pls|plz|could|would|should|shall|can you|nit|nits|"
    r"nitpick|rename|remove|delete|drop|add|change|fix|use|move|replace|update|document|before|"
    r"once|after|if|unless|until|when|except|however|although|though|instead|rather|only|just|"
    r"still|minor|thing|suggest|suggestion|consider|maybe|perhaps|might|wonder|wondering|needs?|"
    r"must|todo|typo|missing|misses|forgot|forgotten|later|follow-?up|don't|doesn't|not)\b",
    re.IGNORECASE | re.MULTILINE,
)


def asks(body: str) -> bool:
    """Tell whether an approving review says more than that it is good."""
    text = _SIGNS.sub(" ", _QUOTED.sub("", sanitize(body).text)).replace("\u2019", "'")
    return any(_wants(sentence) for sentence in _SENTENCE_END.split(text))


def _wants(sentence: str) -> bool:
    if not _WORD.search(sentence):
        return False
    wanted = _WANTED.search(_NOUNS.sub("", sentence))
    return wanted is not None or _PRAISE.search(sentence) is None
