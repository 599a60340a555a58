"""Executes notebooks and says what each section takes.

    python benchmarks/notebooks.py notebooks/01_dcgan.ipynb [...]

`GANKIT_SIZE` and `GANKIT_DATA` are as for any notebook. The outputs are kept in the
file, except in smoke size. The minutes of each section and the memory are printed, and
those of class size are saved in `results/speed/notebooks/`.
"""

import argparse
import datetime
import os
import resource
from pathlib import Path

import nbformat
import record
from nbclient import NotebookClient


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="+", type=Path)
    print("| notebook | section | minutes |\n|---|---|---|")
    size, largest = os.environ.get("GANKIT_SIZE", "class"), 0.0
    for path in parser.parse_args().notebooks:
        notebook = nbformat.read(path, 4)
        client = NotebookClient(
            notebook,
            timeout=None,
            store_widget_state=False,
            resources={"metadata": {"path": path.parent}},
        )
        client.execute()
        minutes_of = minutes(notebook)
        if size != "smoke":
            tidy(notebook)
            nbformat.write(notebook, path)
        sections = {t: round(v, 2) for t, v in minutes_of.items() if v >= 0.05}
        for title, value in sections.items():
            print(f"| {path.stem} | {title} | {value:.1f} |")
        total = sum(minutes_of.values())
        print(f"| {path.stem} | **in all** | {total:.1f} |", flush=True)
        # Of the hungriest kernel so far: kilobytes on Linux.
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
        found = {
            "title": f"notebooks/{path.name}",
            "unit": "minutes",
            "size": size,
            "total": round(total, 2),
            "sections": sections,
            # A notebook that takes less than one before it hides behind that one.
            "memory in GB": round(peak, 1) if peak > largest else None,
        }
        largest = max(largest, peak)
        if size == "class":
            record.save(f"speed/notebooks/{path.stem}", found)
    print(f"\nThe largest took {largest:.1f} GB of memory.")


def minutes(notebook):
    """Minutes of the code under each heading of an executed notebook."""
    sections, title = {}, "start"
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            headings = [x for x in cell.source.splitlines() if x.startswith("##")]
            title = headings[-1].lstrip("# ") if headings else title
            continue
        times = cell.metadata.pop("execution", {})
        begun, ended = (
            datetime.datetime.fromisoformat(times[key]) if key in times else None
            for key in ("iopub.execute_input", "shell.execute_reply")
        )
        if begun and ended:
            taken = (ended - begun).total_seconds() / 60
            sections[title] = sections.get(title, 0.0) + taken
    return sections


def tidy(notebook):
    """Joins what a cell printed piece by piece, and keeps the last state of a bar."""
    for cell in notebook.cells:
        joined = []
        for output in cell.get("outputs", []):
            last = joined[-1] if joined else {}
            if output.output_type == "stream" and last.get("name") == output.name:
                last.text += output.text
            else:
                joined.append(output)
        for output in joined:
            if output.output_type == "stream":
                output.text = "".join(
                    line.rstrip("\n").split("\r")[-1] + "\n"
                    if line.endswith("\n")
                    else line.split("\r")[-1]
                    for line in output.text.splitlines(keepends=True)
                )
        if cell.cell_type == "code":
            cell.outputs = joined


if __name__ == "__main__":
    main()
