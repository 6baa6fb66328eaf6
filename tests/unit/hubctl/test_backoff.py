import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubctl.local.backoff import BackOff

BACK_OFF = BackOff(first=0.2, most=10.0, forget_after=15.0)


@pytest.mark.parametrize(("deaths", "delay"), [(1, 0.2), (2, 0.4), (3, 0.8), (6, 6.4), (7, 10.0), (5000, 10.0)])
def test_delay_doubles_up_to_the_most(deaths: int, delay: float) -> None:
    assert BACK_OFF.delay(deaths) == pytest.approx(delay)


def test_deaths_add_up_until_it_has_run_for_a_while() -> None:
    assert BACK_OFF.deaths(3, ran_for=14.9) == 4
    assert BACK_OFF.deaths(3, ran_for=15.0) == 1


@given(st.integers(min_value=1, max_value=10_000))
def test_later_deaths_never_wait_less(deaths: int) -> None:
    assert BACK_OFF.delay(deaths) <= BACK_OFF.delay(deaths + 1) <= BACK_OFF.most
