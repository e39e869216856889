"""The JSON Schema of prompt files.

`prompt.schema.json` beside this file is `prompt_schema()` written out:

    promptsearch schema > search/promptsearch/artefact/prompt.schema.json
"""

from __future__ import annotations

import json
from typing import Any

from promptsearch.artefact.models import VERSION, PromptDocument, Record


def prompt_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of prompt files, generated from the models."""
    return file_schema(PromptDocument, "prompt", VERSION)


def file_schema(model: type[Record], name: str, version: int) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of files that begin with `format` and `version`."""
    schema = model.model_json_schema()
    # They have defaults for those who build a document in Python; a file must name them.
    required = ["format", "version", *schema.pop("required")]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:promptsearch:{name}:{version}",
        **schema,
        "title": f"promptsearch {name}",
        "required": required,
    }


def schema_json() -> str:
    """The schema as it is shipped and printed."""
    return written(prompt_schema())


def written(schema: dict[str, Any]) -> str:
    """A schema as text."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
