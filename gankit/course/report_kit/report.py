"""A report: what the kit makes of runs, joined with the student's words."""

import bisect
import dataclasses
import functools
from pathlib import Path

from gankit.course.report_kit import contents, html, pdf
from gankit.course.report_kit.cautions import cautions
from gankit.course.report_kit.figures import HALF, losses, samples
from gankit.course.report_kit.runs import ReportedRun, captions
from gankit.course.report_kit.score_figures import on_the_way, over_seeds
from gankit.course.report_kit.sizes import LARGEST_TO_SMALLEST, PAGES, Sizes
from gankit.course.report_kit.summary import summarise
from gankit.course.report_kit.words import Words


@dataclasses.dataclass(frozen=True)
class Exported:
    """What an export wrote.

    Attributes:
        paths: The files.
        pages: Pages of the PDF; `None` where there is none.
        notes: Sentences on what was done to make it fit, or is not in it.
    """

    paths: tuple[Path, ...]
    pages: int | None
    notes: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Report:
    """Runs and words, to be looked at piece by piece and exported.

    Args:
        runs: List of `ReportedRun`, as `find_runs` returns it; at least one.
        words: The student's `Words`.
        score: Name of the score to report; `None` takes each run's leading one.

    Raises:
        ValueError: If there are no runs, or none has that score.
    """

    runs: tuple[ReportedRun, ...]
    words: Words = dataclasses.field(default_factory=Words)
    score: str | None = None

    def __post_init__(self):
        object.__setattr__(self, "runs", tuple(self.runs))
        if not self.runs:
            raise ValueError(
                "Expected runs to report, received none: train some with gankit run."
            )
        names = dict.fromkeys(name for run in self.runs for name in run.final)
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
        return contents.table(self.rows)

    @functools.cached_property
    def figures(self):
        """List of figures, each with `picture` and `caption`."""
        drawn = (
            *(samples(self.runs), losses(self.runs)),
            *(on_the_way(self.rows), over_seeds(self.rows)),
        )
        found = [figure for figure in drawn if figure is not None]
        # Those that stand side by side are equally high.
        half = [figure for figure in found if not figure.is_wide]
        for figure in half:
            figure.picture.set_size_inches(HALF, max(other.size[1] for other in half))
        return found

    @functools.cached_property
    def cautions(self):
        """Sentences that a reader must know beside the numbers."""
        return list(cautions(self.rows))

    @functools.cached_property
    def failures(self):
        """Sentences: runs that stopped or did not finish, and what the doctor found."""
        told = []
        for caption, run in zip(captions(self.runs), self.runs, strict=True):
            if run.failure:
                told.append(f"{caption}: {run.failure}")
            for finding in run.findings:
                # A training that the doctor stopped says so already.
                if finding["sentence"] not in (run.failure or ""):
                    told.append(
                        f"{caption}, step {finding['step']:,}: {finding['sentence']}"
                    )
        return told

    @functools.cached_property
    def commands(self):
        """How to train the runs again, and with what they were trained; sentences."""
        names, software = {}, {}
        for row in self.rows:
            first = row.runs[0]
            steps = "" if first.steps == first.budget else f" --steps {first.steps}"
            seeds = " and ".join(str(seed) for seed in row.seeds)
            options = f"--size {first.scores['size']}{steps} --seed {seeds}"
            names.setdefault(options, []).append(row.name)
        told = [
            f"gankit run {' or '.join(dict.fromkeys(those))} {options}"
            for options, those in names.items()
        ]
        for run in self.runs:
            versions = run.scores.get("versions", {})
            parts = [f"{name} {version}" for name, version in versions.items()]
            if run.scores.get("commit"):
                parts.append(f"gankit at commit {run.scores['commit']}")
            software[", ".join(parts)] = None
        return ["; ".join(told) + ".", f"Trained with {'; or '.join(software)}."]

    def document(self):
        """The report's `Document`."""
        return contents.document(self)

    def html(self, dpi=html.DPI):
        """The report as HTML in its largest type, with or without threats to validity.

        Args:
            dpi: Pixels of the pictures to an inch of print.
        """
        return html.render(self.document(), Sizes(), dpi)

    def export(self, folder=".", name="report"):
        """Writes the report as one HTML file and one PDF of at most two pages.

        Args:
            folder: Where the files go; it is made where it is missing.
            name: Name of the files, without the ending.

        Returns:
            The `Exported`. Without fpdf2 there is no PDF, and a note says so.

        Raises:
            ValueError: If the threats to validity are not written, or the report does
                not fit on two pages even in the smallest type.
        """
        self.words.check()
        document, sizes, pages, notes = self.document(), Sizes(), None, []
        folder = Path(folder)
        paths = [folder / f"{name}.html"]
        if pdf.available():
            sizes, content, pages, lacking = _fitted(document)
            paths.append(folder / f"{name}.pdf")
            if sizes.scale < 1:
                notes.append(
                    f"Type is set at {100 * sizes.scale:.0f} % to fit on {PAGES} pages."
                )
            if lacking:
                notes.append(
                    f"The font of the PDF lacks {lacking}; the HTML file shows them."
                )
        else:
            notes.append(
                "No PDF, as fpdf2 is not installed: pip install fpdf2, or print the "
                "HTML file from a browser."
            )
        folder.mkdir(parents=True, exist_ok=True)
        paths[0].write_text(html.render(document, sizes), encoding="utf-8")
        if pages is not None:
            paths[1].write_bytes(content)
        return Exported(tuple(paths), pages, tuple(notes))


def _fitted(document):
    """The PDF in the largest type that fits."""
    pages = {}

    def fits(sizes):
        _, pages[sizes], _ = pdf.render(document, sizes, draft=True)
        return pages[sizes] <= PAGES

    # Each draft takes a while, so not every size is tried.
    place = bisect.bisect_left(LARGEST_TO_SMALLEST, True, key=fits)
    if place == len(LARGEST_TO_SMALLEST):
        raise ValueError(
            f"Expected a report that fits on {PAGES} pages, received one of "
            f"{min(pages.values())} in the smallest type: shorten the words or report "
            "fewer runs with only=."
        )
    sizes = LARGEST_TO_SMALLEST[place]
    return sizes, *pdf.render(document, sizes)
