"""CSV files that a spreadsheet opens safely, with text that students wrote."""

import csv
from dataclasses import astuple, fields
from pathlib import Path


def save_table(path, rows):
    """Writes a CSV file with a line for each row.

    Text that a spreadsheet would take for a formula gets an apostrophe in front.

    Args:
        path: The file.
        rows: Non-empty list of one dataclass, such as `Mark`; its fields become the
            columns.
    """
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(field.name for field in fields(rows[0]))
        writer.writerows(map(_cell, astuple(row)) for row in rows)


def _cell(value):
    if isinstance(value, str):
        value = value.encode("utf-8", "replace").decode()
        return f"'{value}" if value.startswith(("=", "+", "-", "@")) else value
    return value
