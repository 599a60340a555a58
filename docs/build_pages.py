"""Writes results.md, claims.md and tour.md from saved results and docstrings.

    make pages

Scores come from `results/`, verdicts from `gankit.experiments.claims`, the words about
samples from `remarks.toml`. A test compares the pages with what this gives.
"""

import ast
import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parent
ROOT = DOCS.parent
RESULTS = ROOT / "results"
GENERATED = "<!-- Written by make pages. Change docs/build_pages.py, not this file. -->"


@dataclass(frozen=True)
class Column:
    """A column of scores.

    Attributes:
        header: What stands above it.
        score: Name of the score.
        form: `"distance"`, `"kernel"` or `"share"`.
        real: Name of the score that real images have, `score` if empty.
    """

    header: str
    score: str
    form: str
    real: str = ""

    def text(self, scores, name=""):
        """The score as text, with its 95 % interval where it has one."""
        found = scores.get(name or self.score)
        if found is None:
            return ""
        interval = found["interval"] if self.form != "share" else None
        text = self._number(found["value"])
        if interval:
            low, high = map(self._number, interval)
            text += f" [{low}, {high}]"
        return text

    def _number(self, value):
        match self.form:
            case "share":
                return f"{100 * value:.2f} %"
            case "kernel":
                return f"{value:z.5f}"
        return f"{value:#.3g}"


def _both_ways(a, b, kernel="KID-768/tf1"):
    """Columns of a translator between the domains `a` and `b`."""
    short = kernel.partition("/")[0].removesuffix("-stripes-64-domains")
    return tuple(
        column
        for source, target in ((a, b), (b, a))
        for column in (
            Column(
                f"{short} into {target}", f"{kernel}, {source} to {target}", "kernel"
            ),
            Column(
                f"pass for {target}",
                f"domain score ({target}), {source} to {target}",
                "share",
            ),
        )
    )


FCD = Column("FCD-mnist", "FCD-mnist", "distance")
RECALL = Column("recall", "recall", "share")
RECOGNISED = Column(
    "recognised", "conditional accuracy", "share", "accuracy on real images"
)
COLUMNS = {
    "demo": (Column("FCD-digits-28", "FCD-digits-28", "distance"), RECALL),
    "digits": (FCD, Column("precision", "precision", "share"), RECALL),
    "requested digits": (RECOGNISED, FCD, RECALL),
    "photographs": (
        Column("FID-768", "FID-768/tf1", "distance"),
        Column("KID-768", "KID-768/tf1", "kernel"),
    ),
    "cifar10": (
        Column(
            "FID-768",
            "FID-768/tf1, n = 10,000",
            "distance",
            "FID-768/tf1, n = 10,000, training images",
        ),
        Column(
            "KID-768",
            "KID-768/tf1, n = 10,000",
            "kernel",
            "KID-768/tf1, n = 10,000, training images",
        ),
        RECOGNISED,
    ),
    "cats": (
        Column("KID-768", "KID-768/tf1, n = 204", "kernel", "KID-768/tf1"),
        Column("FID-768", "FID-768/tf1, n = 204", "distance", "FID-768/tf1"),
    ),
    "horse2zebra": _both_ways("horse", "zebra"),
    "stripes": _both_ways("plain", "striped", "KCD-stripes-64-domains"),
    "two cats": _both_ways("A", "B"),
    "fruit": _both_ways("apple", "orange"),
}

RESULTS_PREFACE = """\
# Results

Every run here is saved in [results/](../results): its scores, losses and samples.
`gankit report` prints the same numbers, and `gankit run NAME --size full` trains an
experiment again.

How to read the tables:

- Each row is **one seed**. Differences between rows may be chance, unless several seeds
  are named.
- **report** is what the student report says. "Ours" marks experiments of our own.
- Brackets hold a 95 % interval. FID, KID, FCD and KCD are distances: lower is better.
  [scores.md](scores.md) explains them.
- *Real images* is what real images score against other real images. *Untranslated* is
  what the inputs of a translator score. A good model comes close to the former.
- **steps** are training steps, and "of" gives the planned number where a run was cut.

Four losses at three learning rates over several seeds are in
[results/losses](../results/losses/table.csv), and what synthetic digits teach a
classifier is in
[results/retraining](../results/retraining/imperial/cgan-shallow-smooth/table.csv).
Notebooks 01 and 02 discuss them.
"""

CLAIMS_PREFACE = """\
# Claims

What the five reports claim, in our words, and whether it holds here. A verdict comes
from saved runs or from a notebook. Two runs differ if their 95 % intervals do not
overlap.

| verdict | meaning |
|---|---|
| holds, fails | every comparison agrees |
| depends | the comparisons disagree, or the intervals overlap |
| ... so far | some of the runs have not been trained |
| not run | none of them has been trained |
| not testable here | the data or the method is not available |

`gankit claims` prints the numbers behind each verdict. `gankit claims imperial
--referee` leaves the verdicts blank for a class to fill in.
"""

TOUR_PREFACE = """\
# Tour

Every folder and file of the package in one line, the first of its docstring. Nothing in
the library imports anything that is built on it.
"""
# Folders below the wall: they may import those above, which never import them.
BELOW = ("experiments", "course", "photos", "cli")
# Files without a docstring.
OTHER_FILES = {
    ".pyi": "The names of the package, for editors and type checkers.",
    ".toml": "The claims of the five reports.",
    ".js": "Draws the laboratory on a canvas.",
    ".css": "The style of the laboratory.",
    ".html": "The page around a recorded laboratory.",
}


def results():
    """The page of all saved runs."""
    remarks = tomllib.loads((DOCS / "remarks.toml").read_text())
    said = remarks["run"]
    runs = {
        str(path.parent.relative_to(RESULTS)): json.loads(path.read_text())
        for path in sorted(RESULTS.glob("**/scores.json"))
    }
    order = [name for name in said if name in runs]
    order += [name for name in runs if name not in said]
    parts = [GENERATED, RESULTS_PREFACE]
    for table in remarks["table"]:
        rows = {name: runs[name] for name in order if re.match(table["runs"], name)}
        parts.append(f"## {table['title']}\n")
        if "note" in table:
            parts.append(table["note"].strip() + "\n")
        parts.append(_table(rows, COLUMNS[table["columns"]], said))
    return "\n".join(parts)


def _table(rows, columns, said):
    headers = ["experiment", "report", "samples", *(c.header for c in columns)]
    headers += ["steps", "trained in"]
    lines = [headers, ["---"] * len(headers), *_references(rows, columns)]
    for name, run in rows.items():
        scores = _by_name(run["scores"])
        remark = said.get(name, {})
        experiment, _, variant = name.partition("@")
        seed = variant.partition("-seed")[2]
        lines.append(
            [
                f"[`{experiment}`](../results/{name}/samples.png)"
                + (f", seed {seed}" if seed not in ("", "0") else ""),
                remark.get("report", ""),
                remark.get("seen", ""),
                *(column.text(scores) for column in columns),
                _steps(run),
                f"{run['seconds'] / 60:.1f} min, {_device(run['device'])}",
            ]
        )
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _references(rows, columns):
    """Rows of what real and untranslated images score, alike in all runs."""
    for label, line in (
        ("*real images*", "real against real"),
        ("*untranslated*", "doing nothing"),
    ):
        runs = [run for run in rows.values() if line in run["baselines"]]
        if runs:
            cells = [_reference(runs, line, column) for column in columns]
            yield [label, "", "", *cells, "", ""]


def _reference(runs, line, column):
    found = set()
    for run in runs:
        scores = _by_name(run["baselines"][line])
        if column.real:
            scores = {**_by_name(run["scores"]), **scores}
        found.add(column.text(scores, column.real))
    found.discard("")  # not every run has every score
    if len(found) > 1:
        raise ValueError(
            f"Expected one {column.header} of {line}, received {', '.join(found)}: "
            "put runs on other data into a table of their own."
        )
    return found.pop() if found else ""


def _by_name(scores):
    return {score["name"]: score for score in scores}


def _steps(run):
    steps, budget = run["steps"], run["budget"]
    return f"{steps:,}" if steps == budget else f"{steps:,} of {budget:,}"


def _device(name):
    gpu = re.search(r"H\d+", name)
    return gpu[0] if gpu else "2 CPU threads" if "2 threads" in name else name


def claims():
    """The page of all claims and verdicts."""
    from gankit.experiments import claims

    return "\n".join([GENERATED, CLAIMS_PREFACE, claims.markdown(claims.ledger())])


def tour():
    """The page of all folders and files."""
    package = ROOT / "gankit"
    folders = sorted(
        path.name
        for path in package.iterdir()
        if path.is_dir() and path.name != "__pycache__"
    )
    parts = [GENERATED, TOUR_PREFACE]
    parts.append("## The library\n")
    top = [path for path in sorted(package.iterdir()) if path.is_file()]
    parts.append(_files(top, package))
    parts += [_folder(package / name) for name in folders if name not in BELOW]
    parts.append("## Built on the library\n")
    parts += [_folder(package / name) for name in BELOW]
    return "\n".join(parts)


def _folder(folder):
    init = folder / "__init__.py"
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and path != init
    ]
    return f"### {folder.name}/\n\n{_summary(init)}\n\n{_files(files, folder)}"


def _files(paths, folder):
    lines = ["| file | what |", "|---|---|"]
    for path in paths:
        # The docstring of a folder below this one is in its __init__.py.
        inner = path.name == "__init__.py" and path.parent != folder
        target = path.parent if inner else path
        name = target.relative_to(folder).as_posix() + ("/" if inner else "")
        link = f"[`{name}`](../{target.relative_to(ROOT).as_posix()})"
        lines.append(f"| {link} | {_summary(path)} |")
    return "\n".join(lines) + "\n"


def _summary(path):
    """First line of a module's docstring."""
    if path.suffix != ".py":
        return OTHER_FILES[path.suffix]
    docstring = ast.get_docstring(ast.parse(path.read_text()))
    return docstring.partition("\n")[0].replace("|", "\\|")


PAGES = {"results.md": results, "claims.md": claims, "tour.md": tour}


def main():
    for name, page in PAGES.items():
        (DOCS / name).write_text(page())
        print(f"docs/{name}")


if __name__ == "__main__":
    main()
