"""CSV files that a spreadsheet opens, with text that students wrote."""

import csv


def write_rows(path, columns, rows):
    """Writes a CSV file.

    Text that a spreadsheet would take for a formula gets an apostrophe in front.

    Args:
        path: A `Path`.
        columns: Names of the columns.
        rows: Iterable of rows.
    """
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for row in rows:
            writer.writerow([_cell(value) for value in row])


def _cell(value):
    if isinstance(value, str):
        value = value.encode("utf-8", "replace").decode()
        return f"'{value}" if value.startswith(("=", "+", "-", "@")) else value
    return value
