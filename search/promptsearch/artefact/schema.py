"""The JSON Schema of prompt files.

`prompt.schema.json` beside this file is `prompt_schema()` written out:

    promptsearch schema > search/promptsearch/artefact/prompt.schema.json
"""

from __future__ import annotations

import json
from typing import Any

from promptsearch.artefact.models import VERSION, PromptDocument


def prompt_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of prompt files, generated from the models."""
    schema = PromptDocument.model_json_schema()
    # They have defaults for those who build a document in Python; a file must name them.
    required = ["format", "version", *schema.pop("required")]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:promptsearch:prompt:{VERSION}",
        **schema,
        "title": "promptsearch prompt",
        "required": required,
    }


def schema_json() -> str:
    """The schema as it is shipped and printed."""
    return json.dumps(prompt_schema(), indent=2, ensure_ascii=False) + "\n"
