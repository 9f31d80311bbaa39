"""How long a host asks to wait, in its several ways of saying it."""

from typing import Any

import pytest

from bot.agent.gateway.hints import seconds

NOW = 1_700_000_000.0  # 2023-11-14T22:13:20Z
RETRY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "38.5s"}


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ({}, {}, None),
        ({"retry-after": "40"}, {}, 40.0),
        ({"retry-after": "Tue, 14 Nov 2023 22:14:20 GMT"}, {}, 60.0),
        ({"retry-after": "Tue, 14 Nov 2023 22:00:00 GMT"}, {}, 0.0),
        ({"retry-after-ms": "1500", "retry-after": "40"}, {}, 1.5),
        ({"x-ratelimit-reset-tokens": "6m0s"}, {}, 360.0),
        ({"x-ratelimit-reset-requests": "20ms", "x-ratelimit-reset-tokens": "1s"}, {}, 1.0),
        (
            {
                "x-ratelimit-reset-requests": "1h",
                "x-ratelimit-remaining-requests": "99",
                "x-ratelimit-reset-tokens": "1s",
                "x-ratelimit-remaining-tokens": "0",
            },
            {},
            1.0,
        ),
        ({"x-ratelimit-reset": str(int((NOW + 30) * 1000))}, {}, 30.0),
        ({"x-ratelimit-reset": str(int(NOW + 30))}, {}, 30.0),
        ({"anthropic-ratelimit-tokens-reset": "2023-11-14T22:13:50Z"}, {}, 30.0),
        ({}, {"error": {"details": [{"@type": "x"}, RETRY]}}, 38.5),
        ({}, {"error": {"message": "Rate limit. Please try again in 1m30s."}}, 90.0),
        ({"retry-after": "-5"}, {}, None),
        ({"retry-after": "soon"}, {}, None),
        ({"retry-after": "9" * 400}, {}, None),
        ({"x-ratelimit-reset-tokens": "s" * 10_000}, {}, None),
        ({}, {"error": {"details": "x", "message": 7}}, None),
        ({}, {"error": ["x"]}, None),
    ],
)
def test_a_pause_is_read(headers: dict[str, str], body: Any, expected: float | None) -> None:
    found = seconds(headers, body, NOW)

    assert found is expected is None or found == pytest.approx(expected)
