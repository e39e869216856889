"""The JSON Schema of reports.

`report.schema.json` beside this file is `report_schema()` written out:

    promptsearch schema report > search/promptsearch/report/report.schema.json
"""

from __future__ import annotations

from typing import Any

from promptsearch.artefact.schema import file_schema, written
from promptsearch.report.document import VERSION, ReportDocument


def report_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of `report.json`, generated from the models."""
    return file_schema(ReportDocument, "report", VERSION)


def report_schema_json() -> str:
    """The schema as it is shipped and printed."""
    return written(report_schema())
