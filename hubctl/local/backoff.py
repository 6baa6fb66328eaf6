"""How long a component that keeps dying is left alone before the next start."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BackOff:
    """Exponential: `first` seconds, doubled at each death in a row, never more than `most`."""

    first: float = 0.2
    most: float = 10.0
    forget_after: float = 15.0
    """Seconds of running after which earlier deaths no longer count."""

    def deaths(self, before: int, ran_for: float) -> int:
        """Deaths in a row after one more, which came `ran_for` seconds after the start."""
        return 1 if ran_for >= self.forget_after else before + 1

    def delay(self, deaths: int) -> float:
        """Seconds to wait after this many deaths in a row."""
        return float(min(self.most, self.first * 2.0 ** min(deaths - 1, 30)))
