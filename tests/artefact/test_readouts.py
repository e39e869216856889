import hashlib
import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from safetensors import numpy as safetensors_numpy

from promptsearch.artefact import PLMRecord, PromptDocument, VerbalizerRecord, read_prompt_file
from promptsearch.artefact.readouts import read_readout, readout_record, tensor_file_name, write_readout
from promptsearch.errors import PromptFileError
from promptsearch.prompt import Prompt, load_prompt
from promptsearch.scoring import NearestReadout, PrototypeReadout, Readout, SoftReadout
from promptsearch.verbalizer import Verbalizer

WORDS = Verbalizer.of({"no": "bad", "yes": "good"}, ["no", "yes"])
DOCUMENT = PromptDocument(
    template="{text} It was {mask}.",
    verbalizer=VerbalizerRecord.from_verbalizer(WORDS),
    plm=PLMRecord(reference="minilm-mlm", family="masked"),
)
SOFT = SoftReadout(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([0.5, 0.0]))
values = st.floats(-100, 100, width=32)


def matrices(*shape: int) -> st.SearchStrategy[np.ndarray]:
    return arrays(np.float32, shape, elements=values)


@st.composite
def readouts(draw) -> Readout:
    """Readouts of two labels and states of three numbers."""
    kind, some = draw(st.sampled_from(["soft", "prototypes", "nearest"])), st.floats(0.01, 5)
    if kind == "soft":
        return SoftReadout(draw(matrices(2, 3)), draw(matrices(2)))
    if kind == "prototypes":
        return PrototypeReadout(draw(matrices(3, 4)), draw(matrices(2, 4)), draw(matrices(3)), draw(some))
    scale = draw(arrays(np.float32, 3, elements=st.floats(0.125, 8, width=32)))
    labels = np.array(draw(st.lists(st.integers(0, 1), min_size=5, max_size=5)))
    k, mix = draw(st.integers(1, 5)), draw(st.floats(0, 1))
    return NearestReadout(
        draw(matrices(5, 3)), labels, draw(matrices(3)), scale, 2, k, draw(some), mix, draw(some)
    )


@given(readouts())
def test_a_readout_that_was_read_gives_the_same_scores(readout):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "p.json"
        Prompt(DOCUMENT, readout=readout).save(path)
        found = load_prompt(path).readout
    assert found is not None
    states = np.arange(12, dtype=np.float32).reshape(4, 3)
    words = np.log([[0.25, 0.75]] * 4)
    np.testing.assert_array_equal(found.label_scores(states, words), readout.label_scores(states, words))


def test_the_record_is_that_of_the_file(tmp_path):
    path = tmp_path / "new folder" / "my best.json"
    record = write_readout(path, SOFT)
    content = (path.parent / "my best.safetensors").read_bytes()
    assert record == readout_record(SOFT, "my best.safetensors")
    assert record.sha256 == hashlib.sha256(content).hexdigest()
    assert [file.name for file in path.parent.iterdir()] == ["my best.safetensors"]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("a.json", "a.safetensors"),
        ("a.v2.json", "a.v2.safetensors"),
        ("a", "a.safetensors"),
        ("a.safetensors", "a.safetensors.safetensors"),
        ("x/.json", ".json.safetensors"),
        ("C:a\\b\n.json", "C-a-b-.safetensors"),
        ("\udcff.json", "�.safetensors"),
    ],
)
def test_the_file_is_named_after_the_prompt(name, file):
    assert tensor_file_name(name) == file


def saved(folder: Path, readout: Readout = SOFT) -> Path:
    path = folder / "p.json"
    Prompt(DOCUMENT, readout=readout).save(path)
    return path


def refused(path: Path) -> PromptFileError:
    with pytest.raises(PromptFileError) as caught:
        load_prompt(path)
    return caught.value


def test_a_missing_file(tmp_path):
    path = saved(tmp_path)
    (tmp_path / "p.safetensors").unlink()
    error = refused(path)
    assert error.message == "the file of arrays that the prompt needs is missing"
    assert error.where == str(tmp_path / "p.safetensors")


def test_a_folder_in_its_place(tmp_path):
    path = saved(tmp_path)
    (tmp_path / "p.safetensors").unlink()
    (tmp_path / "p.safetensors").mkdir()
    assert refused(path).message == "the file of arrays cannot be read: Is a directory"


def test_a_file_that_was_damaged(tmp_path):
    path = saved(tmp_path)
    file = tmp_path / "p.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    error = refused(path)
    assert error.message == "the file of arrays is not the one the prompt was saved with, or is damaged"
    assert str(error.where).startswith(f"{file}: sha256 ")


def test_the_file_of_another_prompt(tmp_path):
    path = saved(tmp_path)
    write_readout(path, replace(SOFT, bias=np.array([0.0, 0.5])))
    assert "is not the one the prompt was saved with" in refused(path).message


def with_content(folder: Path, content: bytes, **record: object) -> Path:
    """A prompt file that names just this content."""
    path = saved(folder)
    (folder / "p.safetensors").write_bytes(content)
    data = json.loads(path.read_text())
    data["readout"] |= {"sha256": hashlib.sha256(content).hexdigest(), **record}
    path.write_text(json.dumps(data))
    return path


def arrays_of(**changes: np.ndarray) -> bytes:
    both = {"vectors": np.zeros((2, 3), np.float32), "bias": np.zeros(2, np.float32)}
    return safetensors_numpy.save(both | changes)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "soft: "),
        (b"{}" * 20, "soft: "),
        (safetensors_numpy.save({"bias": np.zeros(2, np.float32)}), "it has bias, not bias, vectors"),
        (arrays_of(extra=np.zeros(1, np.float32)), "it has bias, extra, vectors, not bias, vectors"),
        (arrays_of(bias=np.zeros(2)), "bias is float64, not float32"),
        (
            arrays_of(bias=np.zeros(3, np.float32)),
            r"shapes that do not fit each other: vectors \(2, 3\), bias",
        ),
        (arrays_of(bias=np.array([0, np.nan], np.float32)), "bias holds a value that is no finite number"),
        (arrays_of(vectors=np.zeros((2, 0), np.float32)), "vectors is empty"),
    ],
)
def test_content_that_is_no_readout(tmp_path, content, problem):
    path = with_content(tmp_path, content)
    with pytest.raises(PromptFileError, match="the file of arrays holds no readout of kind soft: ") as caught:
        load_prompt(path)
    assert caught.match(problem)


def test_a_readout_for_other_labels(tmp_path):
    readout = SoftReadout(np.zeros((3, 2)), np.zeros(3))
    assert refused(saved(tmp_path, readout)).message == (
        "the file of arrays is for 3 labels, and the prompt has 2"
    )


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("k", 0, "k must be between 1 and the 4 stored states, not 0"),
        ("k", 5, "k must be between 1 and the 4 stored states, not 5"),
        ("k", 1.5, "k should be a whole number, got 1.5"),
        ("n_labels", 1, "label indices must be between 0 and 0"),
        ("temperature", 0, "temperature must be above 0"),
        ("mix", 1.5, "mix between 0 and 1"),
        ("sharpness", 0, "sharpness must be above 0, not 0"),
    ],
)
def test_parameters_that_do_not_fit(tmp_path, name, value, problem):
    nearest = NearestReadout(np.eye(4), np.array([0, 1, 0, 1]), np.zeros(4), np.ones(4), 2, 3, 1.0, 0.5)
    path = saved(tmp_path, nearest)
    data = json.loads(path.read_text())
    data["readout"]["parameters"][name] = value
    path.write_text(json.dumps(data))
    assert problem in refused(path).message


def test_a_document_alone_is_not_used_without_its_arrays(tmp_path):
    document = read_prompt_file(saved(tmp_path))
    with pytest.raises(PromptFileError, match=r"needs the arrays in p.safetensors, which were not read"):
        Prompt(document).save(tmp_path / "q.json")
    assert not (tmp_path / "q.json").exists()
    assert read_readout(tmp_path / "p.json", document).n_labels == 2


def test_reading_arrays_needs_no_torch(tmp_path):
    script = (
        "import sys; from promptsearch import load_prompt; load_prompt(sys.argv[1]).readout.width;"
        "sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script, str(saved(tmp_path))], check=False).returncode == 0
