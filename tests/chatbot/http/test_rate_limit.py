"""The rate limit in memory."""

from chatbot.http.rate_limit import FixedWindowLimit

MAX_REQUESTS, WINDOW_S = 5, 60


def test_each_key_has_its_own_count_and_a_new_window_starts_at_zero() -> None:
    now = 6_000.0
    limit = FixedWindowLimit(MAX_REQUESTS, WINDOW_S, lambda: now)
    assert [limit.allows("one") for _ in range(MAX_REQUESTS + 2)] == [True] * MAX_REQUESTS + [False] * 2
    assert limit.allows("another")
    now += WINDOW_S - 1
    assert not limit.allows("one")
    now += 1
    assert limit.allows("one")
