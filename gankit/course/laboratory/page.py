"""The page of recorded games: one file that needs neither Jupyter nor a network."""

import base64
import json
from pathlib import Path

from gankit.course.laboratory.recordings import pack_run
from gankit.course.laboratory.runs import RUNS

FOLDER = Path(__file__).parent
_BYTES = ("real", "places", "surfaces", "arrows")


def export(path, runs=RUNS, progress=iter):
    """Plays and records games, and writes the page that shows them.

    Args:
        path: The page, a name that ends in `.html` in a folder that exists.
        runs: The games, `gankit.course.laboratory.runs.Run`s.
        progress: What the runs are passed through, such as a progress bar.

    Raises:
        ValueError: If `path` ends otherwise, or its folder does not exist.
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
    """The page as a string, of runs as `pack_run` gives them."""
    readable = [
        run | {key: base64.b64encode(run[key]).decode() for key in _BYTES}
        for run in packed
    ]
    filled = (FOLDER / "page.html").read_text(encoding="utf-8")
    for place, text in (
        ("/* style */", (FOLDER / "laboratory.css").read_text(encoding="utf-8")),
        ("/* script */", (FOLDER / "laboratory.js").read_text(encoding="utf-8")),
        # No "<" that a browser could take for the end of the script.
        (
            "/* runs */",
            json.dumps(readable, separators=(",", ":")).replace("<", "\\u003c"),
        ),
    ):
        filled = filled.replace(place, text)
    return filled
