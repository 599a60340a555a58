"""The page of recorded trainings, one file that needs no Jupyter and no network."""

import base64
import json
from pathlib import Path

from gankit.course.laboratory.recordings import pack_run
from gankit.course.laboratory.runs import RUNS

FOLDER = Path(__file__).parent
_BYTES = ("real", "places", "surfaces", "arrows")


def export(path, runs=RUNS, progress=iter):
    """Records trainings and writes the page that shows them.

    Args:
        path: The page: a name that ends in `.html`, in an existing folder.
        runs: The trainings, `gankit.course.laboratory.runs.Run`s.
        progress: Function that wraps the runs, such as a progress bar.

    Raises:
        ValueError: If `path` has another ending, or its folder does not exist.
    """
    path = Path(path)
    if path.suffix != ".html" or not path.parent.is_dir():
        raise ValueError(
            f"Expected a page *.html in a folder that exists, received {path}: choose "
            "such a name."
        )
    packed = [pack_run(run) for run in progress(runs)]
    path.write_text(page(packed), encoding="utf-8")


def page(packed):
    """The page as a string, from runs that `pack_run` returned."""
    readable = [
        run | {key: base64.b64encode(run[key]).decode() for key in _BYTES}
        for run in packed
    ]
    text = (FOLDER / "page.html").read_text(encoding="utf-8")
    for place, content in (
        ("/* style */", (FOLDER / "laboratory.css").read_text(encoding="utf-8")),
        ("/* script */", (FOLDER / "laboratory.js").read_text(encoding="utf-8")),
        # Without "<", which could end the script for a browser.
        (
            "/* runs */",
            json.dumps(readable, separators=(",", ":")).replace("<", "\\u003c"),
        ),
    ):
        text = text.replace(place, content)
    return text
