"""Storages: bytes behind tensors, of files and of sequences, and the older storages with a dtype, as PyTorch's."""

from __future__ import annotations

import copy
import io
import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import adjoint

EXPRESSIONS = [
    "U(3).nbytes(), U().nbytes(), len(U(4)), U(2).element_size(), U(2).device",
    "U([1, 2, 255]).tolist(), U([300])[0], list(U([1, 2]))",
    "U([1.5])",
    "U('ab')",
    "U([1, 2, 3])",
    "U([1, 2, 3])[-1], U([1, 2, 3])[1:].tolist()",
    "U([1, 2, 3])[::2]",
    "U([1])[5]",
    "U([1])['a']",
    "U(2).fill_(7).tolist(), U(2).copy_(U([5, 6])).tolist(), U([1]).clone().tolist()",
    "U(2).copy_(U(3))",
    "U([1, 2]).resize_(1).tolist()",
    "U([1, 0]).float()",
    "U(2).is_shared(), U(2).is_pinned(), U(2).type(), U(2).filename, U(2).cpu().nbytes()",
    "U._new_shared(4).is_shared()",
    "U([1]).untyped().tolist(), U([1]).resizable(), torch.ones(2).storage()._size()",
    "U.from_buffer(b'abcd', dtype=torch.uint8).tolist()",
    "torch.arange(4.).untyped_storage().tolist()",
    "torch.arange(4.)[1:].untyped_storage().nbytes(), torch.ones(2, 2).t().untyped_storage().nbytes()",
    "torch.empty(2, device='meta').untyped_storage()",
    "torch.arange(4.).storage()",
    "torch.arange(4.).storage()[1], torch.arange(4.).storage().size(), torch.arange(4.).storage().type()",
    "torch.arange(4.).storage()[1:3]",
    "torch.arange(4.).storage().long().tolist()",
    "torch.FloatStorage(3).size(), torch.LongStorage([1, 2]).tolist(), torch.FloatStorage.dtype",
    "torch.FloatStorage([1, 2])",
    "isinstance(torch.ones(1).storage(), torch.FloatStorage), isinstance(torch.ones(1).storage(), torch.LongStorage)",
    "torch.TypedStorage([1, 2], dtype=torch.int32)",
    "torch.FloatTensor(torch.FloatStorage([1, 2]))",
    "torch.FloatStorage.from_buffer(bytes([0, 0, 128, 63]), 'little')",
    "torch.tensor([]).set_(torch.arange(4.).untyped_storage(), 1, (2,), (2,))",
    "torch.tensor([]).set_(torch.FloatStorage([5, 6, 7]))",
    "torch.tensor([]).set_(torch.LongStorage([5]))",
    "torch.asarray(U([1, 0, 2, 0])[:4], dtype=torch.int16)",
    "torch.is_storage(U(1)), torch.is_storage(torch.ones(1))",
]


def _outcome(library: Any, expression: str) -> tuple[str, str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return "", repr(eval(expression, {"torch": library, "U": library.UntypedStorage}))
        except Exception as error:
            return type(error).__name__, str(error)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_storage_does_what_pytorchs_does(expression: str) -> None:
    torch = pytest.importorskip("torch")
    ours, theirs = _outcome(adjoint, expression), _outcome(torch, expression)
    assert ours[0] == theirs[0]
    assert ours[1].split() == theirs[1].split()


def test_slices_tensors_and_storages_share_memory() -> None:
    t = adjoint.zeros(4)
    whole = t.untyped_storage()
    whole[4:8][2] = 128
    whole[7] = 63
    assert t.tolist() == [0, 1, 0, 0]
    seen = adjoint.asarray(whole[4:12], dtype=adjoint.uint8).view(adjoint.float32)
    seen[1] = 5
    assert t.tolist() == [0, 1, 5, 0]
    t.storage()[0] = 7
    assert t[0] == 7


def test_a_file_is_mapped_privately_or_shared(tmp_path: Path) -> None:
    file = tmp_path / "bytes"
    file.write_bytes(bytes(range(16)))
    private = adjoint.UntypedStorage.from_file(str(file), False, 16)
    private[0] = 99
    assert file.read_bytes()[0] == 0
    shared = adjoint.UntypedStorage.from_file(str(file), True, 20)
    shared[0] = 77
    assert (file.read_bytes()[0], len(file.read_bytes()), shared.filename) == (77, 20, str(file))
    with pytest.raises(RuntimeError, match="smaller than the required mapping size <99>"):
        adjoint.UntypedStorage.from_file(str(file), False, 99)
    with pytest.raises(RuntimeError, match=r"unable to open file .*none> in read-only mode"):
        adjoint.UntypedStorage.from_file(str(tmp_path / "none"), False, 4)
    t = adjoint.from_file(str(file), shared=True, size=4, dtype=adjoint.int32)
    t[1] = -1
    assert file.read_bytes()[4:8] == b"\xff" * 4


def test_they_are_copied_pickled_and_saved() -> None:
    given = adjoint.UntypedStorage([1, 2, 3])
    for made in (copy.deepcopy(given), pickle.loads(pickle.dumps(given)), given.clone()):
        assert made.tolist() == [1, 2, 3]
        assert made != given
    t = adjoint.arange(3.0)
    file = io.BytesIO()
    adjoint.save({"t": t, "storage": t.storage()}, file)
    file.seek(0)
    found = adjoint.load(file, weights_only=False)
    assert found["storage"].tolist() == [0, 1, 2]
    found["storage"][0] = 9
    assert found["t"][0] == 9


def test_the_memory_of_a_tensor_is_not_resized_behind_its_back() -> None:
    with pytest.raises(NotImplementedError, match="cannot resize the memory that a tensor looks at"):
        adjoint.zeros(4).untyped_storage().resize_(0)


def test_pytorch_reads_a_storage_that_was_saved() -> None:
    torch = pytest.importorskip("torch")
    file = io.BytesIO()
    adjoint.save(adjoint.tensor([1.0, 2.0]).storage(), file)
    file.seek(0)
    assert torch.load(file, weights_only=False).tolist() == [1, 2]
    np.testing.assert_array_equal(adjoint.storage.UntypedStorage([1])._bytes, [1])
