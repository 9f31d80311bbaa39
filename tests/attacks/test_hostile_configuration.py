"""A configuration that is there to do harm is refused in words, and soon: events wait for it."""

import time

import pytest

from bot.errors import UserError
from bot.pipeline.configuration import load

SECONDS = 20
"""On a busy machine; a bomb would take hours."""


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
        "limits: {<<: {attempts: 2}}",
        "[" * 60_000,
        "{a: " * 15_000,
        "- " * 30_000,
        "{" * 64_000,
        "".join(f"{' ' * n}a:\n" for n in range(300)),
        f"limits: {{attempts: {'9' * 60_000}}}",
        f"limits: {{attempts: 0x{'f' * 60_000}}}",
        f"limits: {{attempts: {'1:' * 30_000}1}}",
        f"limits: {{attempts: {'1_' * 30_000}}}",
        f"approvals: {{expire: {'9' * 60_000}d}}",
        f"verify: {{test: 2001-01-01 {' ' * 60_000}x}}",
        "verify: {test: 2001-99-99}",
        "verify: {test: !!binary xxx}",
        'verify: {test: !!python/object/apply:os.system ["id"]}',
        'verify: {test: "\\ud800"}',
        'verify: {"\\ud800": x}',
        "verify: {test: \x1b[2J}",
        "verify: {a: x, a: y}",
        "verify:\n" + "\n".join(f"  k{n}: x" for n in range(5000)),
        "\n".join(f"k{n}: 1" for n in range(6000)),
        "x" * 60_000 + ": 1",
        "a: 1\n---\nb: 2",
        "%TAG ! tag:yaml.org,2002:python/\n---\ngate: !object never",
        "g\u0430te: never",
        "gate: never\u200b",
        "base: --upload-pack=x",
        'base: "a\\nb"',
        "#" * 70_000,
    ],
    ids=lambda text: repr(text[:30]),
)
def test_it_is_refused_in_words_and_soon(text: str) -> None:
    begun = time.monotonic()

    with pytest.raises(UserError) as refused:
        load(text)

    assert time.monotonic() - begun < SECONDS
    assert 0 < len(str(refused.value)) < 2000
