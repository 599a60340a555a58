"""Reads and writes files: atomic writes, locks, NumPy archives, JSON, CSV tables.

A history is a CSV file with one row of numbers for each epoch of `fit()`. It holds only
what the seed determines, and no times, so the history of a resumed run equals that of
an uninterrupted one byte for byte. A table may also hold words.
"""

import contextlib
import csv
import json
import os
import warnings
import zipfile
import zlib
from pathlib import Path

import filelock
import numpy as np

PACKAGE = Path(__file__).parent
# Where saved results and models are: in a checkout, or copied into the package.
SHIPPED = (PACKAGE.parent, PACKAGE / "published")


@contextlib.contextmanager
def atomic(path):
    """Replaces a file in one step, so readers see either the old or the new content.

    Write to the temporary path that the `with` statement returns. It is in the folder
    of `path` and has the same suffix. When the block ends, the file is flushed to disk
    and renamed to `path`, and the folder is flushed as well: the file survives a power
    cut. If the block raises, the temporary file is removed and `path` does not change.

    Args:
        path: The file to replace, or to create in an existing folder.

    Yields:
        A `pathlib.Path` to write to.
    """
    path = Path(path)
    temporary = path.with_name(f".partial-{os.getpid()}-{path.name}")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
        # Windows cannot open folders, and some network drives refuse to flush them.
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            folder = os.open(path.parent, os.O_RDONLY)
            stack.callback(os.close, folder)
            os.fsync(folder)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def only_process(folder):
    """Keeps other processes out of a folder while the `with` block runs.

    The lock goes with the process that holds it, however that ends.

    Args:
        folder: An existing folder. `.lock` in it stays behind and means nothing.

    Raises:
        RuntimeError: If another process works in the folder.
    """
    try:
        with filelock.FileLock(Path(folder) / ".lock", blocking=False):
            yield
    except filelock.Timeout:
        raise RuntimeError(
            f"Expected no other process to work in {folder}, received one that does: "
            "wait until it ends, or choose another folder."
        ) from None


def save_if_possible(path, save, what):
    """Saves what may be computed again; warns if the file cannot be written.

    Args:
        path: The file. Missing folders are created.
        save: Function that writes it, given the path.
        what: What it is, for the warning.

    Returns:
        Whether it is saved.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save(path)
    except OSError as error:
        warnings.warn(
            f"{what} cannot be saved in {path.parent} ({error.strerror or error}) and "
            "must be computed again next time: choose another data folder.",
            stacklevel=3,
        )
        return False
    return True


@contextlib.contextmanager
def open_npz(path, advice):
    """Opens an .npz or .npy file and turns whatever damage can raise into one error.

    Args:
        path: The file.
        advice: What the reader of the error message should do.

    Yields:
        The archive; for an .npy file, a dict of its array. Errors raised while the
        block reads from it count as damage too.

    Raises:
        ValueError: If the file is truncated, damaged or of another kind.
        OSError: If the file cannot be opened.
    """
    # Given a path, np.load leaves a damaged file open.
    with open(path, "rb") as file:
        try:
            if Path(path).suffix == ".npy":
                yield {"array": np.lib.format.read_array(file)}
                return
            with np.load(file) as archive:
                yield archive
        # TypeError: the content of an .npy file is no archive. RuntimeError: encrypted,
        # or compressed in a way that Python does not know.
        except (
            *(EOFError, KeyError, OSError, TypeError, ValueError),
            *(zipfile.BadZipFile, zlib.error, RuntimeError, MemoryError),
        ) as error:
            raise ValueError(
                f"Expected {path} to be a complete NumPy file, received one that "
                f"is truncated, damaged or of another kind ({type(error).__name__}): "
                f"{advice}."
            ) from error


def write_json(path, content):
    """Writes a JSON file atomically.

    Args:
        path: The file to replace, or to create in an existing folder.
        content: What `json` can write.
    """
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def read_json(path, form, advice):
    """Reads a JSON file and checks what it holds.

    Args:
        path: The file.
        form: What it must hold: a type; a dict from the keys that must be there to the
            forms of their values, where a key that ends in `?` may be missing; or a
            list with the form of every item.
        advice: What the reader of the error message should do.

    Returns:
        The content.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged or holds something else.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        if _fits(content := json.loads(text), form):
            return content
        received = text[:40]
    except (ValueError, RecursionError) as error:
        received = error
    raise ValueError(
        f"Expected {path} to be whole, received a damaged or another file "
        f"({received}): {advice}."
    )


def _fits(content, form):
    if isinstance(form, list):
        return isinstance(content, list) and all(_fits(c, form[0]) for c in content)
    if not isinstance(form, dict):
        return isinstance(content, form)
    return isinstance(content, dict) and all(
        _fits(content[name], each) if name in content else name != key
        for key, each in form.items()
        for name in [key.removesuffix("?")]
    )


def append_history(path, row):
    """Appends a row, a dict of numbers. The keys of the first row become the header.

    Args:
        path: The CSV file, which the first call creates.
        row: Dict from column name to number, the first an integer `"step"`.

    Raises:
        ValueError: If the file has other columns.
    """
    path = Path(path)
    if path.exists():
        with path.open(newline="", encoding="utf-8") as file:
            columns = next(csv.reader(file), [])
        if columns != list(row):
            raise ValueError(
                f"Expected {path} to have the columns {', '.join(row)}, received "
                f"{', '.join(columns)}: another version or scorer wrote it; start anew "
                "in another folder."
            )
    # repr keeps every bit of a float.
    append_table(path, row, [{name: repr(value) for name, value in row.items()}])


def cut_history(path, last_step=None):
    """Drops the rows after `last_step`, and an incomplete last row.

    A run that was killed may have logged an epoch without saving its checkpoint.

    Args:
        path: A file that `append_history` or `append_table` wrote. If no row remains,
            it is deleted.
        last_step: The last step to keep, an integer; `None` keeps every complete row.
    """
    path = Path(path)
    if not path.exists():
        return
    header, *rows = path.read_text(encoding="utf-8").split("\n")
    remaining = [
        row
        for row in rows[:-1]  # what follows the last line end is incomplete, or empty
        if last_step is None
        or ((step := row.split(",")[0]).isdecimal() and int(step) <= last_step)
    ]
    if not remaining:
        path.unlink()
        return
    with atomic(path) as temporary:
        # `append_history` writes these line ends on every operating system.
        text = "\n".join([header, *remaining, ""])
        temporary.write_text(text, encoding="utf-8", newline="\n")


def read_history(path):
    """Reads a history.

    Args:
        path: A file that `append_history` wrote.

    Returns:
        Dict from column name to float64 NumPy array, `"step"` first. Empty if the file
        does not exist.

    Raises:
        ValueError: If the file is damaged.
    """
    rows = read_table(path, words=())
    return {name: np.array([row[name] for row in rows]) for name in (rows or [()])[0]}


def append_table(path, columns, rows):
    """Appends rows to a table, and flushes them to disk. The first call adds a header.

    Args:
        path: The CSV file.
        columns: Names of the columns.
        rows: Dicts with these keys.
    """
    path = Path(path)
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerows(rows)
        file.flush()
        os.fsync(file.fileno())


def read_table(path, words):
    """Reads a table.

    Args:
        path: A file that `append_table` wrote.
        words: Names of the columns that hold words. The others hold numbers.

    Returns:
        List of dicts, one per row. Empty if the file does not exist.

    Raises:
        ValueError: If the file is damaged.
    """
    path = Path(path)
    if not path.exists():
        return []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            lines = file.readlines()
        # What is left of a torn number still is a number.
        if not "".join(lines[-1:]).endswith("\n"):
            raise ValueError("its end is missing")
        header, *rows = csv.reader(lines)
        return [
            {
                key: value if key in words else float(value)
                for key, value in zip(header, row, strict=True)
            }
            for row in rows
        ]
    except (ValueError, csv.Error) as error:
        raise ValueError(
            f"Expected a whole table in {path}, received a damaged one ({error}): "
            "repeat the command that wrote it, or delete the file."
        ) from error
