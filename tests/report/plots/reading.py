"""What a plot shows, read from its elements."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any
from xml.etree import ElementTree

from promptsearch.report.document import CandidatePoint, HistoryPoint, ReportDocument
from tests.report.documents import bare_document

SVG = "{http://www.w3.org/2000/svg}"


def document(**parts: Any) -> ReportDocument:
    """A document of these parts alone."""
    return bare_document().model_copy(update={"finalists": (), **parts})


def point(dev: float | None, **other: Any) -> CandidatePoint:
    told = {"engine": "mining", "plm": "one", "template": "{text} {mask}", "words": "a / b"}
    return CandidatePoint(
        **{**told, "calibration": "none", "train": None, "tokens": 10.0, "dev": dev, **other}
    )


def tried(
    seconds: float, evaluations: int, value: float, best: float, engine: str = "mining"
) -> HistoryPoint:
    return HistoryPoint(
        seconds=seconds, evaluations=evaluations, engine=engine, plm="one", value=value, best=best
    )


def drawn(plot: Callable[[ReportDocument], str], **parts: Any) -> ElementTree.Element:
    return ElementTree.fromstring(plot(document(**parts)))


def texts(picture: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in picture.iter(SVG + "text")]


def titles(picture: ElementTree.Element) -> list[str]:
    """Of marks, without the picture's own."""
    return [element.text or "" for element in picture.iter(SVG + "title")][1:]


def circles(picture: ElementTree.Element) -> list[tuple[float, float]]:
    """Centres of circles, in their order."""
    return [
        (float(circle.get("cx", "nan")), float(circle.get("cy", "nan")))
        for circle in picture.iter(SVG + "circle")
    ]


def styled(picture: ElementTree.Element, part: str) -> list[ElementTree.Element]:
    """Elements whose own style has this part."""
    return [element for element in picture.iter() if part in element.get("style", "")]


def paths(picture: ElementTree.Element) -> list[str]:
    return [path.get("d", "") for path in picture.iter(SVG + "path")]


def coordinates(picture: ElementTree.Element) -> Sequence[float]:
    """Every number that says where something stands."""
    names = ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "width", "height", "points", "d")
    found = [element.get(name) for element in picture.iter() for name in names if element.get(name)]
    return [float(number) for value in found for number in re.findall(r"-?[\d.]+", str(value))]
