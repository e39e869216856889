"""The files of a report."""

from __future__ import annotations

import json
from pathlib import Path

from promptsearch.paths import atomic_write
from promptsearch.report.document import ReportDocument
from promptsearch.report.drawings import pictures
from promptsearch.report.html import page
from promptsearch.report.markdown import markdown

JSON_FILE, MARKDOWN_FILE, PAGE_FILE = "report.json", "report.md", "report.html"


def write(folder: Path, document: ReportDocument) -> None:
    """Write the report as data first, then each form of it and its pictures.

    Raises:
        StorageError: a file cannot be written; none is left half-written.
    """
    atomic_write(folder / JSON_FILE, report_json(document))
    for name, svg in pictures(document).items():
        atomic_write(folder / name, svg)
    atomic_write(folder / MARKDOWN_FILE, markdown(document))
    atomic_write(folder / PAGE_FILE, page(document))


def report_json(document: ReportDocument) -> str:
    """The report as JSON; it reads back as the same document."""
    return json.dumps(document.model_dump(mode="json"), ensure_ascii=False, allow_nan=False) + "\n"
