import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from promptsearch.errors import DataError
from promptsearch.plms.pretrain.data import (
    Sequences,
    batches_of_epoch,
    read_documents,
    split_held_out,
    tokenize,
)
from promptsearch.plms.pretrain.loss import chunked_cross_entropy
from promptsearch.plms.pretrain.masking import Shares, SpecialIds, mask_batch
from tests.plms.tiny_bert import tiny_tokenizer

# Loss ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 7, 8, 20])
def test_chunked_loss_and_gradients_are_those_of_torch(n):
    torch.manual_seed(n)
    shapes = [(n, 6), (40, 6), (40,)]
    ours = [torch.randn(shape, requires_grad=True) for shape in shapes]
    theirs = [tensor.detach().clone().requires_grad_() for tensor in ours]
    targets = torch.randint(40, (n,))
    loss = chunked_cross_entropy(*ours, targets, rows=8)
    expected = torch.nn.functional.cross_entropy(theirs[0] @ theirs[1].T + theirs[2], targets)
    (3 * loss).backward()
    (3 * expected).backward()
    torch.testing.assert_close(loss, expected, atol=1e-5, rtol=0)
    for mine, other in zip(ours, theirs):
        torch.testing.assert_close(mine.grad, other.grad, atol=1e-5, rtol=0)
    with torch.no_grad():
        torch.testing.assert_close(chunked_cross_entropy(*ours, targets, rows=8), expected, atol=1e-5, rtol=0)


# Text ------------------------------------------------------------------------------------------------


def test_documents_are_lines_with_only_line_feeds_between(tmp_path):
    path = tmp_path / "t.txt"
    path.write_bytes("\ufeffone\x85still one\r\n\n  \ntwo\n".encode())
    assert list(read_documents([path])) == ["one\x85still one", "two"]


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00", b""])
def test_text_that_cannot_be_used(tmp_path, content):
    path = tmp_path / "t.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError):
        tokenize(read_documents([path]), tiny_tokenizer(["some", "text"]), 10, 2, seed=0)


def test_gz_that_is_cut_short(tmp_path):
    import gzip

    path = tmp_path / "t.txt.gz"
    path.write_bytes(gzip.compress(b"some text\n" * 1000)[:40])
    with pytest.raises(DataError) as caught:
        list(read_documents([path]))
    assert caught.value.where == str(path)


@given(
    lengths=st.lists(st.integers(1, 60), min_size=2, max_size=20),
    shortest=st.integers(1, 6),
    extra=st.integers(0, 10),
    seed=st.integers(0, 5),
)
@settings(max_examples=60)
def test_documents_are_cut_into_their_own_tokens(lengths, shortest, extra, seed):
    longest = shortest + extra
    tokenizer = tiny_tokenizer([f"w{i}" for i in range(60)])
    documents = [" ".join(f"w{i}" for i in range(n)) for n in lengths]
    sequences = tokenize(iter(documents), tokenizer, longest, shortest, seed)
    whole = [tokenizer(d, add_special_tokens=False)["input_ids"] for d in documents]
    pieces = [list(sequences[i]) for i in range(len(sequences))]
    assert all(len(piece) <= longest for piece in pieces)
    # Each document's pieces, in order, make up its tokens but for a rest that is too short.
    position = 0
    for ids in whole:
        taken = []
        while (
            position < len(pieces)
            and pieces[position] == ids[len(taken) : len(taken) + len(pieces[position])]
        ):
            taken += pieces[position]
            position += 1
            if len(ids) - len(taken) < shortest:
                break
        assert taken == ids[: len(taken)]
        assert len(ids) - len(taken) < shortest
        assert taken
    assert position == len(pieces)


@given(
    lengths=st.lists(st.integers(1, 30), min_size=1, max_size=80),
    budget=st.integers(32, 200),
    epoch=st.integers(0, 3),
)
@settings(max_examples=60)
def test_an_epoch_holds_every_sequence_once_within_the_budget(lengths, budget, epoch):
    sizes = np.array(lengths)
    batches = batches_of_epoch(sizes, np.arange(len(sizes)), budget, bucket=25, seed=0, epoch=epoch)
    assert sorted(np.concatenate(batches)) == list(range(len(sizes)))
    assert all(len(batch) * (sizes[batch].max() + 2) <= budget for batch in batches)


def test_epochs_differ_and_repeat_by_seed():
    sizes = np.arange(1, 101) % 20 + 1
    first, again, second = (
        [list(b) for b in batches_of_epoch(sizes, np.arange(100), 100, 30, seed=1, epoch=e)]
        for e in (0, 0, 1)
    )
    assert first == again
    assert first != second


def test_held_out_sequences_are_kept_out():
    train, held_out = split_held_out(100, 7, seed=0)
    assert len(held_out) == 7
    assert sorted([*train, *held_out]) == list(range(100))
    assert len(split_held_out(100, 3000, seed=0)[1]) == 10
    assert len(split_held_out(5, 3000, seed=0)[1]) == 1


def test_token_counts():
    sequences = Sequences(np.array([1, 2, 2, 3], dtype=np.int32), np.array([0, 2, 3, 4]))
    assert list(sequences.counts(5, [0, 2])) == [0, 1, 1, 1, 0]


# Masking ---------------------------------------------------------------------------------------------

SPECIALS = SpecialIds(start=2, end=3, mask=4, pad=0, words=np.arange(5, 1000))


def test_batch_is_laid_out_with_start_end_and_padding():
    shares = Shares(chosen=0.0, masked=1.0, kept=0.0)
    sequences = [np.array([10, 11, 12], dtype=np.int32), np.array([20], dtype=np.int32)]
    batch = mask_batch(sequences, SPECIALS, shares, np.random.default_rng(0))
    # Nothing was chosen by chance, so the first token is.
    assert batch.inputs.tolist() == [[2, 4, 11, 12, 3], [2, 20, 3, 0, 0]]
    assert batch.attention.tolist() == [[True] * 5, [True, True, True, False, False]]
    assert batch.targets.tolist() == [10]


def test_shares_of_masked_kept_and_random_words():
    sequences = [np.full(126, 7, dtype=np.int32)] * 400
    batch = mask_batch(sequences, SPECIALS, Shares(0.30, 0.85, 0.08), np.random.default_rng(0))
    n = len(batch.targets)
    shown = batch.inputs[batch.chosen]
    assert n / (400 * 126) == pytest.approx(0.30, abs=0.01)
    assert (shown == 4).mean() == pytest.approx(0.85, abs=0.01)
    assert (shown == 7).mean() == pytest.approx(0.08, abs=0.01)
    strangers = shown[(shown != 4) & (shown != 7)]
    assert strangers.min() >= 5
    assert len(set(strangers.tolist())) > 300
    assert (batch.targets == 7).all()
    assert not batch.chosen[:, [0, -1]].any()
    untouched = batch.inputs[~batch.chosen & batch.attention]
    assert set(untouched.tolist()) == {2, 3, 7}
