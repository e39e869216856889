"""Figures as text: shares in percent, differences in points."""

from __future__ import annotations

from promptsearch.report.document import Figure, Gap


def percent(value: float | None) -> str:
    """A share in percent with one decimal, or a dash."""
    return "–" if value is None else f"{100 * value:.1f}".replace("-", "−")


def points(value: float) -> str:
    """A difference in points, with its sign."""
    # Zero has no sign of its own: what rounds to it from below is no less.
    return f"{round(100 * value, 1) + 0.0:+.1f}".replace("-", "−")


def interval(figure: Figure) -> str:
    """`80.1 to 88.1`."""
    return f"{percent(figure.low)} to {percent(figure.high)}"


def gap_interval(gap: Gap) -> str:
    """`−0.7 to +4.3`."""
    return f"{points(gap.low)} to {points(gap.high)}"


def p_value(gap: Gap) -> str:
    """`p = 0.16`, `p < 0.001`."""
    return chance(gap.p_value)


def chance(p: float) -> str:
    """The same, of a p-value."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def number(value: float | None, digits: int = 2) -> str:
    """A number with a true minus sign, or a dash."""
    return "–" if value is None else f"{value:,.{digits}f}".replace("-", "−")


def duration(seconds: float) -> str:
    """`48 s`, `10 min 12 s`, `3 h 5 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def time_told(seconds: float, on_top: float) -> str:
    """How long a search took, and beside that how long it took to go on after it had been stopped."""
    if not on_top:
        return duration(seconds)
    return f"{duration(seconds)}, and {duration(on_top)} on top to go on where it had been stopped"
