"""Tables of words and numbers, as CSV files to which a long run adds rows."""

import csv


def append(path, columns, rows):
    """Adds rows to a table; the first call writes the header.

    Args:
        path: A `Path`.
        columns: Names of the columns.
        rows: Dictionaries with these keys.
    """
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerows(rows)


def read(path, words):
    """Reads a table.

    Args:
        path: A `Path` that `append` wrote.
        words: Names of the columns that hold words; the others hold numbers.

    Returns:
        List of dictionaries, empty where there is no file.
    """
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [
            {key: value if key in words else float(value) for key, value in row.items()}
            for row in csv.DictReader(file)
        ]
