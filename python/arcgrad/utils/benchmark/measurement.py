"""Times that were measured, and tables of them."""

from __future__ import annotations

import statistics

from arcgrad import _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Compare", "Measurement"]

#: Units of time, each with how long it is.
_UNITS = (("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9))


def _unit(seconds):
    """The unit in which a time is at least 1."""
    return next(((name, length) for name, length in _UNITS if seconds >= length), _UNITS[-1])


class Measurement:
    """Times of one statement.

    Attributes:
        number_per_run (int): how often the statement ran for each of the times.
        raw_times (list): seconds for so many runs.
        times (list): seconds for one run.
        label, sub_label, description, env, num_threads: what the timer was told.
    """

    def __init__(
        self,
        number_per_run: int,
        raw_times: Iterable[float],
        stmt: str = "",
        label: str | None = None,
        sub_label: str | None = None,
        description: str | None = None,
        env: str | None = None,
        num_threads: int = 1,
    ) -> None:
        self.number_per_run = number_per_run
        self.raw_times = list(raw_times)
        self.stmt = stmt
        self.label = label
        self.sub_label = sub_label
        self.description = description
        self.env = env
        self.num_threads = num_threads

    @property
    def times(self) -> list[float]:
        return [time / self.number_per_run for time in self.raw_times]

    @property
    def median(self) -> float:
        """The median of the times, in seconds."""
        return statistics.median(self.times)

    @property
    def mean(self) -> float:
        """The mean of the times, in seconds."""
        return statistics.fmean(self.times)

    @property
    def iqr(self) -> float:
        """The distance between the quartiles of the times, in seconds."""
        if len(self.raw_times) < 2:
            return 0.0
        first, _, third = statistics.quantiles(self.times, n=4, method="inclusive")
        return third - first

    @property
    def title(self) -> str:
        """The label, or the statement."""
        title = self.label or self.stmt.strip()
        return f"{title}: {self.sub_label}" if self.sub_label else title

    def __repr__(self) -> str:
        name, length = _unit(self.median)
        count = f"{len(self.raw_times)} measurement{'s' * (len(self.raw_times) != 1)}"
        threads = f"{self.num_threads} thread{'s' * (self.num_threads != 1)}"
        return (
            f"<{type(self).__module__}.{type(self).__name__}>\n{self.title}\n"
            f"  Median: {self.median / length:.2f} {name}\n  IQR:    {self.iqr / length:.2f} {name}\n"
            f"  {count}, {self.number_per_run} runs per measurement, {threads}"
        )


class Compare:
    """A table of measurements: a row for each ``sub_label``, a column for each ``description``, medians in a common unit.

    >>> import arcgrad as ag
    >>> from arcgrad.utils.benchmark import Compare, Measurement
    >>> Compare([Measurement(1, [2e-6], label="sum", sub_label="small", description="ours")]).print()
    [ sum ]   |  ours
    small     |  2.00
    Times are in us.
    """

    def __init__(self, results: Iterable[Measurement]) -> None:
        self._results = list(results)

    def extend_results(self, results: Iterable[Measurement]) -> None:
        """Adds measurements."""
        self._results.extend(results)

    def trim_significant_figures(self) -> None:
        """Accepted: two places are shown."""

    def colorize(self, rowwise: bool = False) -> None:
        """Accepted: the table has no colours."""

    def highlight_warnings(self) -> None:
        """Accepted: the table has no colours."""

    def print(self) -> None:
        """Prints the table."""
        print(self)

    def __str__(self) -> str:
        if not self._results:
            return ""
        name, length = _unit(min(result.median for result in self._results))
        tables = []
        for label in dict.fromkeys(result.label for result in self._results):
            results = [result for result in self._results if result.label == label]
            columns = list(dict.fromkeys(result.description or "" for result in results))
            rows: dict[str, dict[str, str]] = {}
            for result in results:
                row = rows.setdefault(result.sub_label or result.stmt.strip(), {})
                row[result.description or ""] = f"{result.median / length:.2f}"
            lines = [[f"[ {label or ''} ]", *columns]] + [
                [row, *(cells.get(c, "") for c in columns)] for row, cells in rows.items()
            ]
            widths = [max(map(len, column)) for column in zip(*lines)]
            tables.append("\n".join("  |  ".join(f"{cell:<{w}}" for cell, w in zip(line, widths)).rstrip() for line in lines))
        return "\n\n".join(tables) + f"\nTimes are in {name}."


_names.describe(__name__)
