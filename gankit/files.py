"""Files that are never half written: JSON, histories and tables.

A history is a CSV file with one row of numbers for each epoch of `fit()`. It holds only
what the seed determines, and no times, so the history of a resumed run equals that of
an uninterrupted one byte for byte. A table holds words as well.
"""

import contextlib
import csv
import json
import os
from pathlib import Path

import numpy as np


@contextlib.contextmanager
def atomic(path):
    """Replaces a file in one step, so readers see the old content or the new one.

    Write to the path that the context manager gives. It has the suffix of `path` and
    stands next to it. When the block ends, the file is flushed to the disk and takes
    the place of `path`; when the block raises, it is removed and `path` stays as it
    was.

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


def write_json(path, content):
    """Writes a JSON file that is never half written."""
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def append_history(path, row):
    """Adds a row, a dict of numbers; the first row's keys become the header."""
    path = Path(path)
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        if new:
            writer.writerow(row)
        # repr keeps every bit of a float.
        writer.writerow(repr(value) for value in row.values())


def cut_history(path, last_step):
    """Drops the rows after `last_step`, and a torn last row.

    A run that was killed may have logged an epoch whose checkpoint it never wrote.
    """
    path = Path(path)
    if not path.exists():
        return
    header, *rows = path.read_text(encoding="utf-8").split("\n")
    complete = rows[:-1]  # what follows the last line end is torn, or empty
    remaining = [row for row in complete if int(row.split(",")[0]) <= last_step]
    if not remaining:
        path.unlink()
        return
    with atomic(path) as temporary:
        # With the line ends of `append_history`, whatever the system's own are.
        text = "\n".join([header, *remaining, ""])
        temporary.write_text(text, encoding="utf-8", newline="\n")


def read_history(path):
    """Reads a history.

    Args:
        path: A file that `append_history` wrote.

    Returns:
        Dict from column name to float64 NumPy array, with `"step"` first; empty if
        there is no such file.
    """
    path = Path(path)
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = rows[0] if rows else []
    return {name: np.array([float(row[name]) for row in rows]) for name in names}


def append_table(path, columns, rows):
    """Adds rows to a table; the first call writes the header.

    Args:
        path: The CSV file.
        columns: Names of the columns.
        rows: Dictionaries with these keys.
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
        words: Names of the columns that hold words; the others hold numbers.

    Returns:
        List of dictionaries, empty if there is no such file.
    """
    path = Path(path)
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [
            {key: value if key in words else float(value) for key, value in row.items()}
            for row in csv.DictReader(file)
        ]
