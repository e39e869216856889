"""Vectors of soft tokens beside a prompt file."""

import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from safetensors import numpy as safetensors_numpy

from promptsearch.artefact import PLMRecord, PromptDocument, VerbalizerRecord, read_prompt_file
from promptsearch.artefact.soft import read_soft, soft_file_name, soft_record, write_soft
from promptsearch.errors import PromptFileError
from promptsearch.prompt import Prompt, load_prompt
from promptsearch.scoring import SoftReadout
from promptsearch.soft import SoftTemplate, SoftVectors
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer

WORDS = Verbalizer.of({"no": "bad", "yes": "good"}, ["no", "yes"])
SOURCE = "{text} {soft:It was}{soft*1} {mask}."
VECTORS = SoftVectors(np.arange(12).reshape(3, 4), (2, 1))
finite = st.floats(allow_nan=False, allow_infinity=False, width=32)


def document(vectors: SoftVectors = VECTORS, **parts) -> PromptDocument:
    return PromptDocument(
        template=SOURCE,
        verbalizer=VerbalizerRecord.from_verbalizer(WORDS),
        plm=PLMRecord(reference="minilm-mlm", family="masked"),
        soft=soft_record(vectors, "p.soft.safetensors"),
        **parts,
    )


def saved(folder: Path) -> Path:
    path = folder / "p.json"
    Prompt(document(), soft=VECTORS).save(path)
    return path


def refused(path: Path) -> PromptFileError:
    with pytest.raises(PromptFileError) as caught:
        load_prompt(path)
    return caught.value


@given(arrays(np.float32, (3, 2), elements=finite))
def test_vectors_that_were_read_are_the_same(array):
    vectors = SoftVectors(array, (2, 1))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "p.json"
        record = write_soft(path, vectors)
        found = read_soft(path, document(vectors).model_copy(update={"soft": record}))
    assert found == vectors
    np.testing.assert_array_equal(found.array, array)


def test_a_prompt_that_was_read_has_its_vectors_in_its_template(tmp_path):
    found = load_prompt(saved(tmp_path))
    assert found.soft == VECTORS
    assert found.template == SoftTemplate.of(Template.parse(SOURCE), VECTORS)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["p.json", "p.soft.safetensors"]
    content = (tmp_path / "p.soft.safetensors").read_bytes()
    assert found.document.soft == soft_record(VECTORS, "p.soft.safetensors")
    assert found.document.soft.sha256 == hashlib.sha256(content).hexdigest()


def test_saved_under_another_name(tmp_path):
    prompt = load_prompt(saved(tmp_path))
    prompt.save(tmp_path / "other" / "my best.json")
    again = load_prompt(tmp_path / "other" / "my best.json")
    assert again.soft == VECTORS
    assert again.document.soft is not None
    assert again.document.soft.file == soft_file_name("my best.json") == "my best.soft.safetensors"


def test_beside_the_arrays_of_a_readout(tmp_path):
    readout = SoftReadout(np.ones((2, 3)), np.zeros(2))
    Prompt(document(), readout=readout, soft=VECTORS).save(tmp_path / "p.json")
    found = load_prompt(tmp_path / "p.json")
    assert found.soft == VECTORS
    assert found.readout is not None
    assert found.readout.kind == "soft"


def test_a_missing_file(tmp_path):
    path = saved(tmp_path)
    (tmp_path / "p.soft.safetensors").unlink()
    error = refused(path)
    assert error.message == "the file of arrays that the prompt needs is missing"
    assert error.where == str(tmp_path / "p.soft.safetensors")


def test_the_file_of_another_prompt(tmp_path):
    path = saved(tmp_path)
    write_soft(path, SoftVectors(VECTORS.array + 1, (2, 1)))
    assert "is not the one the prompt was saved with" in refused(path).message


def tensors(array: np.ndarray, name: str = "vectors") -> bytes:
    return safetensors_numpy.save({name: array})


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the vectors of the soft tokens: "),
        (tensors(np.ones((3, 4), np.float32), "prompt_embeddings"), "'vectors'"),
        (tensors(np.ones((3, 4))), "they are float64 of shape (3, 4), not float32 of shape (3, 4)"),
        (tensors(np.ones((4, 3), np.float32)), "they are float32 of shape (4, 3), not float32"),
        (tensors(np.full((3, 4), np.nan, np.float32)), "a value that is no finite number"),
    ],
)
def test_content_that_is_no_vectors(tmp_path, content, problem):
    path = saved(tmp_path)
    (tmp_path / "p.soft.safetensors").write_bytes(content)
    data = json.loads(path.read_text())
    data["soft"]["sha256"] = hashlib.sha256(content).hexdigest()
    path.write_text(json.dumps(data))
    assert problem in refused(path).message


def test_a_document_alone_cannot_be_used(tmp_path):
    prompt = Prompt(read_prompt_file(saved(tmp_path)))
    for use in (lambda: prompt.save(tmp_path / "q.json"), lambda: prompt.label_log_probs([])):
        with pytest.raises(PromptFileError, match=r"p\.soft\.safetensors, which were not read"):
            use()


def test_reading_needs_no_torch(tmp_path):
    path = saved(tmp_path)
    code = "import sys, promptsearch as p; p.load_prompt(sys.argv[1]).template; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
