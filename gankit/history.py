"""The history of a training: a CSV file with a row per epoch of `fit()`.

It holds what the seed determines and nothing else (no times), so that the history of a
resumed run equals that of an uninterrupted one byte for byte.
"""

import csv
import os
from pathlib import Path

import numpy as np


def append(path, row):
    """Adds a row, a dict of numbers; the first row's keys become the header."""
    path = Path(path)
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if new:
            writer.writerow(row)
        # repr keeps every bit of a float.
        writer.writerow(repr(value) for value in row.values())


def cut(path, last_step):
    """Drops the rows after `last_step`, and a torn last row.

    A run that was killed may have logged an epoch whose checkpoint it never wrote.
    """
    path = Path(path)
    if not path.exists():
        return
    header, *rows = path.read_text().split("\n")
    complete = rows[:-1]  # what follows the last line end is torn, or empty
    kept = [row for row in complete if int(row.split(",")[0]) <= last_step]
    if not kept:
        path.unlink()
        return
    temporary = path.with_name(f".partial-{path.name}")
    # As `append` ends its lines, whatever the system's own way is.
    temporary.write_text("\n".join([header, *kept, ""]), newline="\n")
    os.replace(temporary, path)


def read(path):
    """Reads a history.

    Args:
        path: A file that `append` wrote.

    Returns:
        Dict from column name to float64 NumPy array, with `"step"` first; an absent
        file gives an empty dict.
    """
    path = Path(path)
    if not path.exists():
        return {}
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    names = rows[0] if rows else []
    return {name: np.array([float(row[name]) for row in rows]) for name in names}
