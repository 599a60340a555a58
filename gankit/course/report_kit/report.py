"""A report: runs, joined with the student's words."""

import dataclasses
import functools
from pathlib import Path

from gankit.course.report_kit import figures, page, score_figures
from gankit.course.report_kit.cautions import cautions
from gankit.course.report_kit.runs import ReportedRun, captions
from gankit.course.report_kit.summary import summarise
from gankit.course.report_kit.table import table
from gankit.course.report_kit.words import Words


@dataclasses.dataclass(frozen=True)
class Report:
    """Runs and words, to look at piece by piece and to export.

    Args:
        runs: List of `ReportedRun`, as `find_runs` returns it; at least one.
        words: The student's `Words`.
        score: Name of the score to report; `None` takes each run's main score.

    Raises:
        ValueError: If there are no runs, or none has that score.
    """

    runs: tuple[ReportedRun, ...]
    words: Words = dataclasses.field(default_factory=Words)
    score: str | None = None

    def __post_init__(self):
        if not self.runs:
            raise ValueError(
                "Expected runs to report, received none: train some with gankit run."
            )
        names = dict.fromkeys(name for run in self.runs for name in run.final_scores)
        if self.score is not None and self.score not in names:
            raise ValueError(
                f"Expected score to be one of {', '.join(names) or 'none'}, received "
                f"{self.score!r}: choose one that these runs have."
            )

    @functools.cached_property
    def rows(self):
        """The rows of the table, as `summarise` returns them."""
        return summarise(self.runs, self.score)

    @functools.cached_property
    def table(self):
        """The table, which a notebook shows."""
        return table(self.rows)

    @functools.cached_property
    def figures(self):
        """List of figures, each with `picture` and `caption`."""
        every = (
            *(figures.samples(self.runs), figures.losses(self.runs)),
            *(score_figures.scores(self.rows), score_figures.seeds(self.rows)),
        )
        drawn = [figure for figure in every if figure is not None]
        # Figures that are printed side by side have one height.
        half = [figure for figure in drawn if not figure.is_wide]
        for figure in half:
            height = max(other.size[1] for other in half)
            figure.picture.set_size_inches(figures.HALF, height)
        return drawn

    @functools.cached_property
    def cautions(self):
        """Sentences that readers must know about the numbers."""
        return list(cautions(self.rows))

    @functools.cached_property
    def failures(self):
        """Sentences on runs that stopped or did not finish, and from the doctor."""
        sentences = []
        for caption, run in zip(captions(self.runs), self.runs, strict=True):
            failure = run.failure or ""
            if failure:
                sentences.append(f"{caption}: {failure}")
            sentences += [
                f"{caption}, step {finding['step']:,}: {finding['sentence']}"
                for finding in run.findings
                if finding["sentence"] not in failure  # where the doctor stopped it
            ]
        return sentences

    @functools.cached_property
    def commands(self):
        """Sentences: the commands that train the runs again, and the versions."""
        names, software = {}, {}
        for row in self.rows:
            steps = "" if row.steps == row.runs[0].budget else f" --steps {row.steps}"
            seeds = " and ".join(str(seed) for seed in row.seeds)
            options = f"--size {row.runs[0].scores['size']}{steps} --seed {seeds}"
            names.setdefault(options, {})[row.name] = None
        commands = [
            f"gankit run {' or '.join(experiments)} {options}"
            for options, experiments in names.items()
        ]
        for run in self.runs:
            versions = run.scores.get("versions", {})
            parts = [f"{name} {version}" for name, version in versions.items()]
            if run.scores.get("commit"):
                parts.append(f"gankit at commit {run.scores['commit']}")
            software[", ".join(parts)] = None
        return ["; ".join(commands) + ".", f"Trained with {'; or '.join(software)}."]

    def html(self, dpi=page.DPI):
        """The report as HTML, with or without threats to validity.

        Args:
            dpi: Pixels of the pictures to an inch of print.
        """
        return page.render(self, dpi)

    def export(self, folder=".", name="report"):
        """Writes the report as one HTML file, which prints on two A4 pages.

        The type shrinks where the report is long. Where even the smallest type does
        not fit on two pages, the file says so at its top.

        Args:
            folder: Where the file goes; it is created if necessary.
            name: Name of the file, without `.html`.

        Returns:
            The path of the file.

        Raises:
            ValueError: If the threats to validity are not written.
        """
        self.words.check()
        path = Path(folder) / f"{name}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.html(), encoding="utf-8")
        return path
