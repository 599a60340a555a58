"""Reads PyTorch state dictionaries without PyTorch."""

import collections
import os
import pickle
import pickletools
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

# The header written by torch.save before PyTorch 1.6, and still with
# _use_new_zipfile_serialization=False.
MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
# A tensor takes four; the FID network has 570 tensors.
MOST_TUPLES = 10_000
DTYPES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
    "BoolStorage": "?",
}


def read_state_dict(path):
    """Reads the tensors that `torch.save(module.state_dict(), path)` wrote.

    A pickle can run arbitrary code. This unpickler therefore accepts only what a state
    dictionary consists of.

    Args:
        path: A file in PyTorch's legacy format or in its zip format.

    Returns:
        Dict of read-only NumPy arrays by name. Their strides are those in the file:
        the axes may have any order in memory, and tensors may share memory.

    Raises:
        ValueError: If the file is truncated, damaged or of another kind, or requests
            anything that a state dictionary does not need.
    """
    path = Path(path)
    with path.open("rb") as file:
        try:
            zipped = file.read(4) == b"PK\x03\x04"
            file.seek(0)
            tensors, storages = (_read_zip if zipped else _read_legacy)(file)
            return {
                name: _view(tensor, storages[tensor.storage.key])
                for name, tensor in tensors.items()
            }
        # A damaged pickle can raise almost any exception.
        except Exception as error:
            raise ValueError(
                f"Expected {path} to hold a state dictionary of PyTorch, received a "
                "file that is truncated, damaged or of another kind "
                f"({str(error) or type(error).__name__}): download it again."
            ) from error


class _Storage(NamedTuple):
    """A block of memory that contains tensors, and its key in the pickle."""

    dtype: np.dtype
    key: str
    count: int

    @property
    def size(self):
        return self.dtype.itemsize * self.count


class _Tensor(NamedTuple):
    """Position of a tensor in its storage, in elements."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Unpickler(pickle.Unpickler):
    """Creates `_Tensor`s and refuses everything a state dictionary does not need."""

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if module == "torch._utils" and name.startswith("_rebuild_tensor"):
            return _rebuild_tensor
        if module == "torch" and name in DTYPES:
            return name
        raise ValueError(
            f"it requests {module}.{name}, which no state dictionary needs"
        )

    def persistent_load(self, persistent_id):
        kind, name, key, _, count, *view = persistent_id
        # Before 2017, a storage could be a part of another one, named last.
        if kind != "storage" or view not in ([], [None]):
            raise ValueError("it refers to something that is not a storage")
        return _Storage(np.dtype(DTYPES[name]), key, count)


def _load(file):
    """Reads one pickle."""
    start = file.tell()
    # Hashing a tuple of tuples of tuples takes as many calls in C, which would
    # overflow the stack, and with it end the process.
    tuples = sum("TUPLE" in code.name for code, _, _ in pickletools.genops(file))
    if tuples > MOST_TUPLES:
        raise ValueError(f"it contains {tuples:,} tuples, of {MOST_TUPLES:,} at most")
    file.seek(start)
    return _Unpickler(file).load()


def _rebuild_tensor(storage, offset, shape, strides, *_):
    # The remaining arguments are requires_grad and hooks.
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


def _tensors_of(pickled):
    if not isinstance(pickled, dict):
        raise ValueError("it contains no dictionary")
    for name, tensor in pickled.items():
        if not isinstance(tensor, _Tensor):
            raise ValueError(f"{name} is not a tensor")
    return dict(pickled)


def _read_legacy(file):
    """Reads several pickles, the last of which lists the storages after it in order."""
    if _load(file) != MAGIC or _load(file) != PROTOCOL:
        raise ValueError("it does not start like a PyTorch file")
    _load(file)  # Describes the machine; storages are little-endian.
    tensors = _tensors_of(_load(file))
    known = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    keys = _load(file)
    if set(keys) != set(known):
        raise ValueError("its list of storages does not match its tensors")
    storages = {}
    for key in keys:
        count = int.from_bytes(file.read(8), "little")
        left = os.fstat(file.fileno()).st_size - file.tell()
        if count != known[key].count or left < known[key].size:
            raise ValueError(f"storage {key} is incomplete")
        storages[key] = file.read(known[key].size)
    return tensors, storages


def _read_zip(file):
    """Reads an archive of one pickle, `data.pkl`, and each storage as `data/<key>`."""
    with zipfile.ZipFile(file) as archive:
        folder = archive.namelist()[0].split("/")[0] + "/"
        if f"{folder}byteorder" in archive.namelist():
            if archive.read(f"{folder}byteorder") != b"little":
                raise ValueError("it was written on a big-endian machine")
        with archive.open(f"{folder}data.pkl") as data:
            tensors = _tensors_of(_load(data))
        storages = {}
        for storage in {tensor.storage for tensor in tensors.values()}:
            name = f"{folder}data/{storage.key}"
            if archive.getinfo(name).file_size != storage.size:
                raise ValueError(f"storage {storage.key} is incomplete")
            storages[storage.key] = archive.read(name)
    return tensors, storages


def _view(tensor, storage):
    # NumPy refuses a view outside its buffer.
    size = tensor.storage.dtype.itemsize
    return np.ndarray(
        tensor.shape,
        tensor.storage.dtype,
        storage,
        tensor.offset * size,
        [size * stride for stride in tensor.strides],
    )
