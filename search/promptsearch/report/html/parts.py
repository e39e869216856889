"""Which parts a page has, in their order: those of which the document says something."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from promptsearch.report.document import ReportDocument, Section


@dataclass(frozen=True)
class Part:
    """A part of the page.

    Attributes:
        anchor: its place in the page's addresses.
        template: file that words it, in `templates/parts`.
        section: what an engine has to say, where the part is of that kind.
    """

    anchor: str
    title: str
    template: str
    section: Section | None = None


def parts_of(document: ReportDocument, plots: Collection[str]) -> list[Part]:
    """The parts that have something to show.

    Args:
        plots: names of parts whose plot is not empty.
    """
    before = [
        ("prompt", "The prompt", True),
        ("comparison", "Comparison", bool(document.finalists)),
        ("candidates", "All candidates", bool(document.candidates)),
        ("history", "History", "history" in plots),
        ("front", "Quality against cost", "front" in plots),
        ("importances", "What made the difference", bool(document.importances)),
        ("confusion", "Confusion", document.confusion is not None),
        ("hardest", "Hardest examples", bool(document.hardest)),
    ]
    after = [
        ("triggers", "Trigger search", bool(document.triggers)),
        ("sensitivity", "Sensitivity to wording", bool(document.sensitivity)),
        ("transfer", "Transfer between PLMs", document.transfer is not None),
        ("seeds", "Seeds", bool(document.seeds)),
        ("reproduce", "How to reproduce", True),
    ]
    return [
        *_present(before),
        *(
            Part(f"section-{number}", section.title, "section", section)
            for number, section in enumerate(document.sections, 1)
        ),
        *_present(after),
    ]


def _present(parts: list[tuple[str, str, bool]]) -> list[Part]:
    return [Part(name, title, name) for name, title, present in parts if present]
