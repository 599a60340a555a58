"""Reads and writes files: atomic writes, NumPy archives, JSON, histories and tables.

A history is a CSV file with one row of numbers for each epoch of `fit()`. It holds only
what the seed determines, and no times, so the history of a resumed run equals that of
an uninterrupted one byte for byte. A table may also hold words.
"""

import contextlib
import csv
import json
import os
import zipfile
import zlib
from pathlib import Path

import numpy as np

PACKAGE = Path(__file__).parent
# Where saved results and models are: in a checkout, or copied into the package.
SHIPPED = (PACKAGE.parent, PACKAGE / "published")


@contextlib.contextmanager
def atomic(path):
    """Replaces a file in one step, so readers see either the old or the new content.

    Write to the temporary path that the `with` statement returns. It is in the folder
    of `path` and has the same suffix. When the block ends, the file is flushed to disk
    and renamed to `path`. If the block raises, the temporary file is removed and `path`
    does not change.

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
    finally:
        temporary.unlink(missing_ok=True)


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
    """Writes a JSON file atomically."""
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def append_history(path, row):
    """Appends a row, a dict of numbers. The keys of the first row become the header.

    Raises:
        ValueError: If the file has other columns.
    """
    path = Path(path)
    new = not path.exists()
    if not new:
        with path.open(newline="", encoding="utf-8") as file:
            columns = next(csv.reader(file), [])
        if columns != list(row):
            raise ValueError(
                f"Expected {path} to have the columns {', '.join(row)}, received "
                f"{', '.join(columns)}: another version wrote it; start anew in "
                "another folder."
            )
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        if new:
            writer.writerow(row)
        # repr keeps every bit of a float.
        writer.writerow(repr(value) for value in row.values())


def cut_history(path, last_step):
    """Drops the rows after `last_step`, and an incomplete last row.

    A run that was killed may have logged an epoch without saving its checkpoint.
    """
    path = Path(path)
    if not path.exists():
        return
    header, *rows = path.read_text(encoding="utf-8").split("\n")
    complete = rows[:-1]  # what follows the last line end is incomplete, or empty
    remaining = [row for row in complete if int(row.split(",")[0]) <= last_step]
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
    """
    path = Path(path)
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = rows[0] if rows else []
    return {name: np.array([float(row[name]) for row in rows]) for name in names}


def append_table(path, columns, rows):
    """Appends rows to a table. The first call writes the header.

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


def read_table(path, words):
    """Reads a table.

    Args:
        path: A file that `append_table` wrote.
        words: Names of the columns that hold words. The others hold numbers.

    Returns:
        List of dicts, one per row. Empty if the file does not exist.
    """
    path = Path(path)
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [
            {key: value if key in words else float(value) for key, value in row.items()}
            for row in csv.DictReader(file)
        ]
