"""Progress bars that suit a terminal, a notebook and a log file."""

import sys

from tqdm import tqdm


def progress_bar(iterable=None, *, disable=False, **options):
    """Returns a `tqdm` bar for the place where it is shown.

    In a notebook it is one line of plain output, as Jupyter shows stderr in red. In a
    log file it writes a line every half minute. Without an iterable, it is updated by
    hand. The options are those of `tqdm`.
    """
    if disable:
        place = {}
    elif _in_notebook():
        place = {"file": _NotebookLine(), "ncols": 100, "mininterval": 0.5}
    elif sys.stderr.isatty():
        place = {"dynamic_ncols": True}
    else:
        place = {"ncols": 100, "mininterval": 30.0}
    return tqdm(iterable, disable=disable, **place, **options)


def _in_notebook():
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


class _NotebookLine:
    """A file for tqdm that shows only its last line in a notebook."""

    encoding = "utf-8"  # tqdm then draws a smooth bar

    def __init__(self):
        from IPython.display import display

        self.handle = display({"text/plain": ""}, raw=True, display_id=True)

    def write(self, text):
        if line := text.strip():
            self.handle.update({"text/plain": line}, raw=True)

    def flush(self):
        """Does nothing, as nothing is buffered."""
