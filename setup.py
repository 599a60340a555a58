"""Builds the wheel with saved results and the saved models that lessons show.

They are copied when a wheel is built. An editable installation reads `results/` in its
place, so it stays a plain path that editors and type checkers can follow.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

RESULTS = Path(__file__).parent / "results"
WEIGHTS = Path(__file__).parent / "weights"
# Read by the documentation alone.
OF_DOCUMENTATION = ("parity", "speed")
# Saved models that the lessons show; the others stay in the repository.
OF_LESSONS = (
    *("demo", "few", "dtu/stripes", "imperial/cgan-best"),
    *("buffalo/sagan-hinge-half", "cmu/cats64-best"),
    *("modern/stacked-relativistic", "modern/stacked-wasserstein-clipping"),
)
# Of the pictures of several stages only those that the notebooks show.
PATTERNS = (
    *("**/*.csv", "**/*.json", "**/samples.png"),
    *("dtu/*gan*/stages.png", "iisc/*/stages.png", "imperial/dcgan-*/stages.png"),
)
FIGURES = (Path(__file__).parent / "gankit/experiments/figures.toml").read_text("utf-8")


def is_shown(file):
    """Whether a page or a notebook needs this file of `results/`."""
    report = file.relative_to(RESULTS).parts[0]
    run, _, seed = str(file.parent.relative_to(RESULTS)).partition("@full-seed")
    if file.suffix == ".png" and seed:
        return file.parent.name in FIGURES
    if file.name == "samples.png" and (file.parent / "history.csv").exists():
        # The demo belongs to no report.
        return run == report or run in FIGURES
    return report not in OF_DOCUMENTATION


class BuildWithResults(build_py):
    def run(self):
        super().run()
        if self.editable_mode:
            return
        published = Path(self.build_lib, "gankit", "published")
        copies = {
            file: published / "results" / file.relative_to(RESULTS)
            for pattern in PATTERNS
            for file in RESULTS.glob(pattern)
            if is_shown(file)
        }
        for file in WEIGHTS.rglob("*"):
            kept = file.suffix == ".json" or file.parent.name == "classifiers"
            kept |= file.relative_to(WEIGHTS).with_suffix("").as_posix() in OF_LESSONS
            if file.is_file() and kept:
                copies[file] = published / "weights" / file.relative_to(WEIGHTS)
        for file, copy in copies.items():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)


setup(cmdclass={"build_py": BuildWithResults})
