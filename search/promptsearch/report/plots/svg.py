"""Elements of an inline SVG, written as text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from promptsearch.showing import printable

WIDTH = 560
"""Of every plot, in units: on a page of 360 pixels a text of FONT units is 9 pixels high."""
FONT = 14
"""Height of text, in units."""
INK = "var(--ink,#1f2328)"
FAINT = "var(--faint,#59636e)"
GRID = "var(--grid,#d1d9e0)"
GROUND = "var(--ground,#fff)"
ACCENT = "var(--accent,#0969da)"
GOOD = "var(--good,#1a7f37)"

# Noncharacters, which XML forbids.
_NOT_XML = re.compile("[\ufffe\uffff]")
_PER_LETTER = 0.57
"""Width of an average letter of a sans-serif typeface, as a share of its height, rather too wide."""


def shown(text: str) -> str:
    """Text from anywhere, on one line, as it may stand in an element."""
    return escape(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", printable(text)).replace("\n", "⏎"))


def number(value: float) -> str:
    """A coordinate to a tenth of a unit."""
    told = f"{value:.1f}".removesuffix(".0")
    return "0" if told == "-0" else told


def element(name: str, content: str = "", **attributes: str | float) -> str:
    """One element; `stroke_width` is written `stroke-width`. The content is SVG already."""
    told = "".join(
        f" {key.rstrip('_').replace('_', '-')}="
        + (quoteattr(value) if isinstance(value, str) else f'"{number(value)}"')
        for key, value in attributes.items()
    )
    return f"<{name}{told}>{content}</{name}>" if content else f"<{name}{told}/>"


def text(
    x: float, y: float, words: str, *, anchor: str = "start", colour: str = "", bold: bool = False
) -> str:
    """Words at a place; y is their base line. Without a colour they have the plot's."""
    attributes: dict[str, str | float] = {"x": x, "y": y}
    if anchor != "start":
        attributes["text_anchor"] = anchor
    if colour:
        attributes["style"] = f"fill:{colour}"
    if bold:
        attributes["font_weight"] = "600"
    return element("text", shown(words), **attributes)


def line(x1: float, y1: float, x2: float, y2: float) -> str:
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2)


def group(parts: Iterable[str], style: str = "", *, title: str = "", kind: str = "") -> str:
    """Elements of one style and, where a pointer rests on them, one title; "" without any."""
    inside = "".join(parts)
    if not inside:
        return ""
    attributes = {key: value for key, value in (("class_", kind), ("style", style)) if value}
    return element("g", (f"<title>{shown(title)}</title>" if title else "") + inside, **attributes)


def picture(key: str, height: float, title: str, desc: str, parts: Iterable[str]) -> str:
    """The whole plot.

    Args:
        key: tells this plot from the others of a page, in its ids and its class.
        desc: what it shows, for who does not see it.
    """
    name = f"plot-{key}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="plot {name}" viewBox="0 0 {WIDTH} {number(height)}" '
        f'role="img" aria-labelledby="{name}-title {name}-desc" font-size="{FONT}" style="display:block;'
        f'width:100%;max-width:640px;height:auto;font-family:system-ui,sans-serif;fill:{INK}">'
        f'<title id="{name}-title">{shown(title)}</title><desc id="{name}-desc">{shown(desc)}</desc>'
        + "".join(parts)
        + "</svg>\n"
    )


def width_of(words: str) -> float:
    """About how wide words are, in units; signs of East Asian scripts are as wide as high."""
    wide = sum(unicodedata.east_asian_width(sign) in "WF" for sign in words)
    return FONT * (wide + _PER_LETTER * (len(words) - wide))


def shortened(words: str, width: float, *, keep_end: bool = False) -> str:
    """Words that fit into a width, an ellipsis for the rest; the end is kept of names that begin alike."""
    if width_of(words) <= width:
        return words
    while words and width_of(words) + width_of("…") > width:
        words = words[1:] if keep_end else words[:-1]
    return "…" + words.lstrip() if keep_end else words.rstrip() + "…"
