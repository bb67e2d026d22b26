"""Spacing out work by key."""

from hypothesis import given
from hypothesis import strategies as st

from chatbot.http.rate_shaper import MIN_SWEEP, RateShaper


class Time:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_work_below_the_rate_never_waits() -> None:
    time = Time()
    shaper = RateShaper(10, 1, time)
    for _ in range(100):
        assert shaper.wait_s("somebody") == 0
        time.now += 0.1


def test_work_above_the_rate_is_spaced_out_and_others_do_not_wait() -> None:
    shaper = RateShaper(10, 2, Time())
    assert [round(shaper.wait_s("somebody"), 6) for _ in range(5)] == [0, 0, 0, 0.1, 0.2]
    assert round(shaper.backlog_s("somebody"), 6) == 0.3
    assert shaper.wait_s("somebody else") == 0
    assert shaper.backlog_s("a third") == 0


def test_costly_work_is_paid_for_by_the_next() -> None:
    shaper = RateShaper(10, 1, Time())
    assert shaper.wait_s("somebody", 20) == 0
    assert round(shaper.wait_s("somebody"), 6) == 1.9


@given(st.lists(st.floats(0, 0.3), min_size=1, max_size=200))
def test_who_waits_as_told_is_never_faster_than_the_rate(pauses: list[float]) -> None:
    time, shaper = Time(), RateShaper(10, 3, time := Time())
    began = time.now
    for pause in pauses:
        time.now += pause
        time.now += shaper.wait_s("somebody")
    assert len(pauses) <= 10 * (time.now - began) + 3 + 1 + 1e-6


def test_a_key_that_is_idle_is_forgotten() -> None:
    time = Time()
    shaper = RateShaper(1000, 1, time)
    for number in range(10 * MIN_SWEEP):
        shaper.wait_s(str(number))
        time.now += 0.01
    assert len(shaper._free_at) <= MIN_SWEEP + 1
