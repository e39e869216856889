"""Types of what stands in a prompt file."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from promptsearch.artefact.checks import check_number, check_text

Text = Annotated[str, AfterValidator(check_text)]
Name = Annotated[str, Field(min_length=1), AfterValidator(check_text)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Share = Annotated[float, Field(ge=0, le=1)]
Figure = Annotated[float, Field(ge=-1, le=1)]
Number = Annotated[int | float, BeforeValidator(check_number)]
Count = Annotated[int, Field(ge=0)]
ArraysFile = Annotated[
    str,
    Field(
        pattern=r"^[^/\\:\x00-\x1f]+\.safetensors$",
        description="Name of the safetensors file beside this one.",
    ),
]
FolderName = Annotated[
    str,
    Field(
        pattern=r"^[^./\\:\x00-\x1f][^/\\:\x00-\x1f]*$", description="Name of the folder beside this file."
    ),
]
TokenId = Annotated[int, Field(ge=0, lt=10**9)]


class Record(BaseModel):
    """A part of the prompt file."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)
