"""The prompt file: one JSON document that holds all a prompt needs to be used again. No torch is needed.

    document = read_prompt_file("best_prompt.json")
    document.to_template(), document.to_verbalizer()

`models` says what stands in the file, `io` reads and writes it, `schema` publishes it as JSON Schema,
`readouts` reads and writes the arrays that may lie beside it (for which NumPy is needed).
"""

from promptsearch.artefact.io import parse_prompt_json, prompt_json, read_prompt_file, write_prompt_file
from promptsearch.artefact.models import (
    FORMAT,
    VERSION,
    AnswerEntry,
    BaselineRecord,
    BudgetRecord,
    CalibrationRecord,
    EvaluationRecord,
    LabelEntry,
    PLMRecord,
    PromptDocument,
    ProvenanceRecord,
    ReadoutRecord,
    ScoringRecord,
    SoftRecord,
    TaskRecord,
    TriggerGroup,
    TriggerRecord,
    TunedRecord,
    VerbalizerRecord,
)
from promptsearch.artefact.schema import prompt_schema, schema_json

__all__ = [
    "FORMAT",
    "VERSION",
    "AnswerEntry",
    "BaselineRecord",
    "BudgetRecord",
    "CalibrationRecord",
    "EvaluationRecord",
    "LabelEntry",
    "PLMRecord",
    "PromptDocument",
    "ProvenanceRecord",
    "ReadoutRecord",
    "ScoringRecord",
    "SoftRecord",
    "TaskRecord",
    "TriggerGroup",
    "TriggerRecord",
    "TunedRecord",
    "VerbalizerRecord",
    "parse_prompt_json",
    "prompt_json",
    "prompt_schema",
    "read_prompt_file",
    "schema_json",
    "write_prompt_file",
]
