"""Builds the wheel with the saved results, which lessons and reports show.

They are copied when a wheel is built. An editable installation reads `results/` in its
place, so it stays a plain path that editors and type checkers can follow.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

RESULTS = Path(__file__).parent / "results"
# Of the pictures of several stages only those that the notebooks show.
PATTERNS = (
    *("**/*.csv", "**/*.json", "**/samples.png"),
    *("dtu/*gan*/stages.png", "iisc/*/stages.png", "imperial/dcgan-*/stages.png"),
)


class BuildWithResults(build_py):
    def run(self):
        super().run()
        if self.editable_mode:
            return
        published = Path(self.build_lib, "gankit", "published")
        for pattern in PATTERNS:
            for file in RESULTS.glob(pattern):
                copy = published / file.relative_to(RESULTS)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, copy)


setup(cmdclass={"build_py": BuildWithResults})
