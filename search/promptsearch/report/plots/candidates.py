"""The plot of all combinations tried: dev by PLM and engine, the spread that makes picking by hand luck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promptsearch.report.document import CandidatePoint, ReportDocument
from promptsearch.report.plots.axes import Mark, bottom_axis, legend
from promptsearch.report.plots.baselines import majority, manual_by_plm
from promptsearch.report.plots.marks import (
    MAJORITY_LINE,
    MANUAL_LINE,
    RING,
    dot,
    dot_mark,
    engine_colours,
    line_mark,
)
from promptsearch.report.plots.scale import Linear, percent, percent_ends
from promptsearch.report.plots.spread import spread_of, spread_sentence
from promptsearch.report.plots.svg import (
    FAINT,
    FONT,
    GRID,
    INK,
    WIDTH,
    element,
    group,
    line,
    picture,
    shortened,
    text,
    width_of,
)
from promptsearch.report.plots.swarm import RADIUS, Dot, Placed, columns, per_dot
from promptsearch.showing import count

_LEFT, _RIGHT = 128, WIDTH - 20
_HEADING, _STRIP, _INSIDE = 28, 46, 40
_AXIS = 48
_TITLES = 30_000
"""Characters that titles of dots may take, all together."""


@dataclass(frozen=True)
class _Strip:
    """What one engine tried on one PLM."""

    plm: str
    engine: str
    placed: tuple[Placed, ...]


def candidates_plot(document: ReportDocument) -> str:
    """A strip an engine and PLM, a dot a combination, lines for the majority class and the manual prompt.

    Where many stand at one place, a dot stands for several; its title says for how many.
    """
    measured = [(point, point.dev) for point in document.candidates if point.dev is not None]
    if not measured:
        return ""
    lines = [majority(document), *manual_by_plm(document).values()]
    low, high = percent_ends([value for _, value in measured] + [v for v in lines if v is not None])
    scale = Linear(low, high, _LEFT, _RIGHT)
    strips = _strips(measured, scale, list(engine_colours(document)))
    each = per_dot([strip.placed for strip in strips], _INSIDE)
    parts, top = legend(_legend(document, strips, each), 4)
    body, foot = _body(document, strips, scale, top + 8, each)
    name = f"{document.task.metric} on dev, in percent"
    title = f"{count(len(measured), 'combination')} tried: {name}"
    axis = bottom_axis(scale, top + 8, foot, name)
    return picture("candidates", foot + _AXIS, title, spread_sentence(document), [*axis, *parts, *body])


def _strips(
    measured: Sequence[tuple[CandidatePoint, float]], scale: Linear, engines: Sequence[str]
) -> list[_Strip]:
    """PLMs in the order in which they came, engines in theirs; those without candidates are left out."""
    found: dict[tuple[str, str], list[Placed]] = {}
    for point, value in measured:
        placed = Placed(scale.place(100 * value), value, point)
        found.setdefault((point.plm, point.engine), []).append(placed)
    plms = list(dict.fromkeys(point.plm for point, _ in measured))
    keys = [(plm, engine) for plm in plms for engine in engines if (plm, engine) in found]
    return [_Strip(*key, tuple(found[key])) for key in keys]


def _legend(document: ReportDocument, strips: Sequence[_Strip], each: int) -> list[tuple[Mark, str]]:
    entries: list[tuple[Mark, str]] = []
    if each > 1:
        entries.append((dot_mark(f"fill:{FAINT}", RADIUS), f"up to {each} combinations"))
    if any(point.finalist and point.dev is not None for point in document.candidates):
        entries.append((dot_mark(RING), "finalist"))
    if manual_by_plm(document):
        entries.append((line_mark(MANUAL_LINE), "manual prompt"))
    base = majority(document)
    if base is not None:
        entries.append((line_mark(MAJORITY_LINE), f"majority class {percent(base)}"))
    if any(len(strip.placed) > 1 for strip in strips):
        entries.append((_box_mark, "middle half and median"))
    return entries


def _body(
    document: ReportDocument, strips: Sequence[_Strip], scale: Linear, top: float, each: int
) -> tuple[list[str], float]:
    """All strips from `top` on, PLM by PLM, and where they end."""
    colours, manual, base = engine_colours(document), manual_by_plm(document), majority(document)
    stacks = [columns(strip.placed, each, _INSIDE) for strip in strips]
    room = _TITLES // sum(map(len, stacks))
    parts: list[str] = []
    y = top
    for plm in dict.fromkeys(strip.plm for strip in strips):
        own = [i for i, strip in enumerate(strips) if strip.plm == plm]
        parts.append(_heading(plm, sum(len(strips[i].placed) for i in own), manual.get(plm), y))
        start, y = y + _HEADING, y + _HEADING + _STRIP * len(own)
        for value, style in ((base, MAJORITY_LINE), (manual.get(plm), MANUAL_LINE)):
            if value is not None:
                x = scale.place(100 * value)
                parts.append(group([line(x, start, x, y)], style))
        for row, i in enumerate(own):
            middle = start + _STRIP * (row + 0.5)
            parts.append(_strip(strips[i], stacks[i], scale, middle, colours[strips[i].engine], room))
    return parts, y


def _heading(plm: str, n: int, manual: float | None, top: float) -> str:
    """The name of a PLM, how many combinations it was tried in, and its manual prompt."""
    beside = f"{n:,} tried" + (f", manual {percent(manual)}" if manual is not None else "")
    y = top + _HEADING - 8
    name = shortened(plm, WIDTH - 40 - width_of(beside) - 20, keep_end=True)
    ground = element(
        "rect", x=0, y=top + 3, width=WIDTH, height=_HEADING - 6, style=f"fill:{GRID};opacity:.45"
    )
    words = text(8, y, name, bold=True) + text(_RIGHT, y, beside, anchor="end", colour=FAINT)
    return group([ground, words], title=plm)


def _strip(
    strip: _Strip, stacks: Sequence[Sequence[Dot]], scale: Linear, y: float, colour: str, room: int
) -> str:
    """The name of an engine with its median, its middle half, and its dots."""
    spread = spread_of([placed.value for placed in strip.placed])
    label = shortened(strip.engine, _LEFT - 24)

    def at(share: float) -> float:
        return scale.place(100 * share)

    parts = [
        text(8, y - 3, label),
        text(8, y + FONT, f"{'median' if spread.n > 1 else 'one:'} {percent(spread.median)}", colour=FAINT),
        _box((at(spread.lower), at(spread.median), at(spread.upper)), y, colour) if spread.n > 1 else "",
        group((_column(stack, y, room) for stack in stacks), f"fill:{colour};fill-opacity:.85"),
    ]
    ringed = [dot(one.x, y + one.offset, RADIUS + 2) for stack in stacks for one in stack if one.finalist]
    return group([*parts, group(ringed, RING + ";pointer-events:none")], kind="strip")


def _box(quartiles: tuple[float, float, float], y: float, colour: str, half: float = _INSIDE / 2) -> str:
    """From the lower to the upper quartile, with a line at the median."""
    lower, median, upper = quartiles
    box = element(
        "rect",
        x=lower,
        y=y - half,
        width=upper - lower,
        height=2 * half,
        style=f"fill:{colour};fill-opacity:.16",
    )
    return box + group([line(median, y - half, median, y + half)], f"stroke:{INK};stroke-width:2")


def _box_mark(x: float, y: float) -> str:
    return _box((x - 7, x, x + 7), y, FAINT, half=7)


def _column(stack: Sequence[Dot], y: float, room: int) -> str:
    """The dots at one place, titled with their values and, where there is room, one of their templates."""
    members = [placed for one in stack for placed in one.members]
    least, most = (percent(of(placed.value for placed in members)) for of in (min, max))
    title = least if least == most else f"{least} to {most}"
    if len(members) > 1:
        title += f": {count(len(members), 'combination')}"
    # The rest of the element takes about 40 characters.
    letters = min(60, room - 40)
    if letters >= 12:
        template = members[0].point.template
        title += (", such as " if len(members) > 1 else ": ") + template[:letters]
        title += "…" if len(template) > letters else ""
    return group((dot(one.x, y + one.offset, RADIUS) for one in stack), title=title)
