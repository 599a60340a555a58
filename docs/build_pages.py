"""Writes the pages and tables that come from saved results and docstrings.

    make pages

It writes results.md, speed.md, claims.md and tour.md, the tables of scores.md and the
findings of the README.
Scores, speeds and parity come from `results/`, verdicts from
`gankit.experiments.claims`, the words about samples from `remarks.toml`. A test
compares the pages with what this gives.
"""

import ast
import csv
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
        form: `"distance"`, `"kernel"`, `"share"` or `"count"`.
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
        return self.number(found["value"], interval)

    def number(self, value, interval=None):
        """A value of this score as text, with an interval if there is one."""
        text = self._number(value)
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
            case "count":
                return f"{value:,.0f}"
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
            Column(f"recall into {target}", f"recall, {source} to {target}", "share"),
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
        RECALL,
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
        Column(
            "recall",
            "recall, n = 10,000",
            "share",
            "recall, n = 10,000, training images",
        ),
        RECOGNISED,
    ),
    "cats": (
        Column("KID-768", "KID-768/tf1, n = 204", "kernel", "KID-768/tf1"),
        Column("FID-768", "FID-768/tf1, n = 204", "distance", "FID-768/tf1"),
        Column("recall", "recall, n = 204", "share", "recall"),
    ),
    "horse2zebra": _both_ways("horse", "zebra"),
    "stripes": _both_ways("plain", "striped", "KCD-stripes-64-domains"),
    "two cats": _both_ways("A", "B"),
    "fruit": _both_ways("apple", "orange"),
    "modes": (
        Column("modes of 1,000", "modes", "count"),
        Column("divergence", "divergence of modes", "distance"),
    ),
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
- **recall** is the share of real images that the samples cover. A distance can be low
  although it is low, too. Where a table of translators has no such column, their runs
  were saved without it.
- *Real images* is what real images score against other real images. *Untranslated* is
  what the inputs of a translator score. A good model comes close to the former.
- **steps** are training steps, and "of" gives the planned number where a run was cut.

Four losses at three learning rates over several seeds are in
[results/losses](../results/losses/table.csv), and what synthetic digits teach a
classifier is in
[results/retraining](../results/retraining/imperial/cgan-shallow-masked-smooth/table.csv).
Notebooks 01 and 02 discuss them.
"""

SPEED_PREFACE = """\
# Speed

`make bench` measures these on your machine and writes the files in
[results/speed](../results/speed). The contenders run alternately, so that background
load affects all of them. A number is the median of the rounds, with the lowest and the
highest in brackets. A ratio is the median of the ratios of the rounds, and compares
gankit at the same precision.
"""

CLAIMS_PREFACE = """\
# Claims

What the five reports claim, in our words, and whether it holds here. A verdict comes
from saved runs or from a notebook. Models are compared over at least three seeds a
side: two differ if the 95 % intervals of their means, by Student's t, do not overlap.

| verdict | meaning |
|---|---|
| holds, fails | every comparison agrees |
| undecided | intervals overlap |
| mixed | parts contradict each other |
| one run | fewer than three seeds a side, which is no verdict |
| not run | not trained, or the data are not available |

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
    ".js": "Draws the laboratory on a canvas.",
    ".css": "The style of the laboratory.",
    ".html": "The frame of a page.",
    ".typed": "Tells type checkers to read this package.",
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
            parts.append(_fill_in(table["note"].strip()) + "\n")
        columns = COLUMNS[table["columns"]]
        parts.append(_table(rows, columns, said))
        if "study" in table:
            parts.append(_fill_in(table["seeds"].strip()) + "\n")
            parts.append(_study(table["study"], columns))
    return "\n".join(parts)


def _fill_in(text):
    """Replaces `{RUN: SCORE}` by the score.

    `{RUN, real: SCORE}` is a score of real images, `{RUN, step 8600: SCORE}` one during
    training.
    """
    return re.sub(r"\{(.+?)(?:, (real|step \d+))?: (.+?)\}", _filled, text)


def _filled(match):
    run, when, name = match.groups()
    saved = json.loads((RESULTS / run / "scores.json").read_text())
    if when is None:
        value = _by_name(saved["scores"])[name]["value"]
    elif when == "real":
        value = _by_name(saved["baselines"]["real against real"])[name]["value"]
    else:
        with (RESULTS / run / "scores.csv").open() as file:
            rows = {f"step {row['step']}": row for row in csv.DictReader(file)}
        value = float(rows[when][name])
    # Of FID and FCD, of KID and KCD, of modes and of their divergence.
    forms = {"F": "distance", "K": "kernel", "m": "count", "d": "distance"}
    return Column("", name, forms.get(name[0], "share")).number(value)


def _study(name, columns):
    """A table of the means over the seeds of a study."""
    from gankit.experiments import load_study

    study = load_study(RESULTS / name)
    headers = ["setting", "seeds", *(column.header for column in columns)]
    lines = [headers, ["---"] * len(headers)]
    means = [study.summary(column.score) for column in columns]
    for experiment in study.experiments:
        cells = []
        for column, found in zip(columns, means, strict=True):
            mean, low, high, n = found[experiment]
            share = column.form == "share" or low is None
            cells.append(column.number(mean, None if share else (low, high)))
        lines.append([f"`{experiment}`", str(n), *cells])
    return _markdown(lines)


def _table(rows, columns, said):
    shown = {name for run in rows.values() for name in _by_name(run["scores"])}
    columns = [column for column in columns if column.score in shown]
    headers = ["experiment", "report", "samples", *(c.header for c in columns)]
    headers += ["steps", "trained in"]
    lines = [headers, ["---"] * len(headers)]
    groups = _by_classifier(rows)
    for classifier, group in groups.items():
        lines += _references(group, columns, classifier if len(groups) > 1 else "")
        lines += [_line(name, run, columns, said) for name, run in group.items()]
    return _markdown(lines)


def _by_classifier(rows):
    """Groups runs by the classifier that scored them, as in "weights 5f0ed450".

    Two trainings of a classifier are two networks, whose scores cannot be compared.
    """
    groups = {}
    for name, run in rows.items():
        extractors = " ".join(score["extractor"] or "" for score in run["scores"])
        found = sorted(
            set(re.findall(r"classifier-\S+?, .*?(weights \w+)", extractors))
        )
        groups.setdefault(", ".join(found), {})[name] = run
    return groups


def _line(name, run, columns, said):
    """The row of a run."""
    scores = _by_name(run["scores"])
    remark = said.get(name, {})
    experiment, _, variant = name.partition("@")
    seed = re.search(r"full-seed(\d+)", variant)
    return [
        f"[`{experiment}`](../results/{name}/samples.png)"
        + (f", seed {seed[1]}" if seed else ""),
        remark.get("report", ""),
        remark.get("seen", ""),
        *(column.text(scores) for column in columns),
        _steps(run),
        f"{run['seconds'] / 60:.1f} min, {_device(run['device'])}",
    ]


def _markdown(lines):
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _references(rows, columns, classifier):
    """Rows of what real and untranslated images score, alike in all runs."""
    note = f"FCD and recall by the classifier with {classifier}" if classifier else ""
    for label, line in (
        ("*real images*", "real against real"),
        ("*real images*", "real images"),
        ("*untranslated*", "doing nothing"),
    ):
        runs = [run for run in rows.values() if line in run["baselines"]]
        if runs:
            cells = [_reference(runs, line, column) for column in columns]
            yield [label, note, "", *cells, "", ""]


def _reference(runs, line, column):
    from gankit.experiments.running.pretrained import SHARE_TOLERANCE

    found = set()
    for run in runs:
        scores = _by_name(run["baselines"][line])
        if column.real:
            scores = {**_by_name(run["scores"]), **scores}
        found.add(column.text(scores, column.real))
    found.discard("")  # not every run has every score
    # Another processor rounds otherwise, and a picture in a hundred crosses a border.
    shares = sorted(float(text[:-2]) for text in found if text.endswith(" %"))
    if (
        len(found) == len(shares) > 1
        and shares[-1] - shares[0] <= 100 * SHARE_TOLERANCE
    ):
        return f"{shares[0]:.2f} to {shares[-1]:.2f} %"
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


def speed():
    """The page of measured speeds."""
    found = {
        path.stem: json.loads(path.read_text())
        for path in sorted((RESULTS / "speed").glob("*.json"))
    }
    images, peaks, whole = (
        ", ".join(f"{size[key]:,}" for size in found["memory"]["sizes"])
        for key in ("images", "peak", "all features")
    )
    return "\n".join(
        [
            GENERATED,
            SPEED_PREFACE,
            "## Training\n",
            _speeds(
                found[name]
                for name in ("dcgan", "onednn", "penalties", "cyclegan")
                if name in found
            ),
            "## Scores\n",
            _speeds(
                found[name] for name in ("fid", "distance-moments", "distance-features")
            ),
            f"{found['memory']['title'].capitalize()}: {peaks} MB for {images} images. "
            f"Their features alone would take {whole} MB, but are not kept.\n",
            "## Notebooks\n",
            "Class size with real data, and nothing else running.\n",
            _notebooks(),
            "## Machines and versions\n",
            _origins(found),
        ]
    )


def _notebooks():
    headers = ["notebook", "minutes", "memory", "device", "measured", "commit"]
    lines = [headers, ["---"] * len(headers)]
    for path in sorted((RESULTS / "speed/notebooks").glob("*.json")):
        found = json.loads(path.read_text())
        memory = found["memory in GB"]
        lines.append(
            [
                f"[`{path.stem}`](../results/speed/notebooks/{path.name})",
                f"{found['total']:.1f}",
                f"{memory:.1f} GB" if memory else "",
                *(found["device"], found["measured"], found["commit"] or "unknown"),
            ]
        )
    return _markdown(lines)


def _speeds(benchmarks):
    headers = [
        "what",
        "by",
        "precision",
        "median (range)",
        "gankit is ... times as fast",
    ]
    lines = [headers, ["---"] * len(headers)]
    for benchmark in benchmarks:
        for row in benchmark["contenders"]:
            ratio = row.get("gankit is times as fast")
            cells = [benchmark["title"], row["contender"], row["precision"]]
            cells.append(f"{_spread(row)} {benchmark['unit']}")
            lines.append([*cells, _spread(ratio) if ratio else ""])
    return _markdown(lines)


def _spread(row):
    text = f"{row['median']:g}"
    if row.get("low") is not None:
        text += f" ({row['low']:g} to {row['high']:g})"
    return text


def _origins(found):
    headers = ["file", "rounds", "device", "versions", "measured", "commit"]
    lines = [headers, ["---"] * len(headers)]
    for name, entry in found.items():
        versions = ", ".join(f"{k} {v}" for k, v in entry["versions"].items())
        file = f"[{name}.json](../results/speed/{name}.json)"
        rounds = str(entry.get("rounds") or "")
        measured = [entry["measured"], entry["commit"] or "unknown"]
        lines.append([file, rounds, entry["device"], versions, *measured])
    return _markdown(lines)


def scores():
    """The page about scores, with its tables filled in."""
    return _with_parts("scores.md", baselines=_baselines(), parity=_parity())


def readme():
    """The README with our findings filled in."""
    found = tomllib.loads((DOCS / "remarks.toml").read_text())["findings"]
    return _with_parts("../README.md", findings=_fill_in(found.lstrip()))


def _with_parts(page, **parts):
    """A page written by hand, with the parts between its comments replaced."""
    return re.sub(
        r"(<!-- make pages: (\w+) -->\n).*?(?=<!-- end -->)",
        lambda match: match[1] + parts[match[2]],
        (DOCS / page).read_text(),
        flags=re.S,
    )


def _baselines():
    columns = (
        Column("FID-768/tf1", "FID-768/tf1", "distance"),
        Column("KID-768/tf1", "KID-768/tf1", "kernel"),
        Column("precision", "precision", "share"),
        RECALL,
    )
    headers = ["target", "scored pictures", *(c.header for c in columns)]
    lines = [headers, ["---"] * len(headers)]
    for target, source in (("zebra", "horse"), ("horse", "zebra")):
        saved = json.loads((RESULTS / f"baselines/{target}.json").read_text())
        for label, line in (
            (f"other {target}s", "real against real"),
            (f"{source}s, untranslated", "doing nothing"),
        ):
            found = _by_name(saved[line])
            cells = [column.text(found) for column in columns]
            lines.append([f"{target}s", label, *cells])
    return _markdown(lines)


def _parity():
    found = json.loads((RESULTS / "parity/fid.json").read_text())
    n = found["images on each side"]
    run = "buffalo/ladder-7-labels"
    real = "n = 10,000, training images"
    return _fill_in(
        f"The first {n:,} training images of CIFAR-10 against the first {n:,} test "
        f"images have an FID-768/torch of {found['gankit']:.7f} by gankit and of "
        f"{found['pytorch-fid']:.7f} by pytorch-fid, with the same weights "
        "([file](../results/parity/fid.json), `python benchmarks/parity.py`). All "
        f"10,000 test images against 10,000 training images have an FID-768/tf1 of "
        f"{{{run}: FID-768/tf1, {real}}} and a recall of {{{run}: recall, {real}}} "
        f"([file](../results/{run}/scores.json)).\n"
    )


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
    """First line of a module's docstring, or of a table's comment."""
    if path.suffix == ".toml":
        return path.read_text().partition("\n")[0].removeprefix("# ")
    if path.suffix != ".py":
        return OTHER_FILES[path.suffix]
    docstring = ast.get_docstring(ast.parse(path.read_text()))
    return docstring.partition("\n")[0].replace("|", "\\|")


def gallery():
    """The page that shows every saved model with its scores."""
    import gankit

    parts = [
        GENERATED,
        "# Gallery",
        "Every saved model: its samples, not selected, its scores next to those of "
        "real images, and the command that trains it. In Python, "
        "`gankit.pretrained(NAME)` returns the model. [Saved models](saved_models.md) "
        "says which come with the package.",
    ]
    for card in gankit.pretrained():
        summary = gankit.experiments.find(card.name).summary
        parts += [f"## {card.name}", *_model(card, summary)]
    return "\n\n".join(parts) + "\n"


def _model(card, summary):
    """Summary, picture, scores, and the command that trains a saved model."""
    from gankit import experiments

    yield summary[0].upper() + summary[1:] + "."
    runs = {
        (run["seed"], run["steps"]): (folder, _by_name(run["scores"]))
        for folder, run in experiments.find_runs(card.name, local=False)
        if run["size"] == card.size
    }
    folder, _ = runs.get((card.seed, card.steps), (RESULTS / card.name, None))
    place = f"../results/{folder.resolve().relative_to(RESULTS)}/samples.png"
    if not (DOCS / place).exists():
        place = f"images/{card.name}.jpg"
    if not (DOCS / place).exists():
        raise FileNotFoundError(
            f"Expected samples of {card.name} in results/, received none: publish the "
            "run, or name the model in docs/build_gallery.py, which draws them."
        )
    yield f"![Samples of {card.name}: {summary}]({place})"
    baselines = {
        label: {score["name"]: score for score in scores}
        for label, scores in card.baselines.items()
    }
    names = list(dict.fromkeys(name for row in baselines.values() for name in row))
    names = [name for name in names if not name.startswith(("density", "coverage"))]
    own = {score["name"]: score for score in card.scores}
    rows = {"this model": own, **baselines}
    lines = [["score", *rows], ["---"] * (1 + len(rows))]
    for name in names:
        lines.append([name, *(_value(scores.get(name)) for scores in rows.values())])
    yield _markdown(lines).rstrip()
    minutes = round(card.seconds / 60)
    yield (
        f"{card.steps:,} steps on {card.data['name']}, seed {card.seed}, "
        f"{minutes} minute{'s' * (minutes != 1)} on {card.device}; "
        f"{card.bytes / 1e6:.1f} MB."
    )
    others = [
        f"{_value(scores[card.score['name']])} (seed {seed})"
        for (seed, steps), (_, scores) in sorted(runs.items())
        if steps == card.steps and seed != card.seed and card.score["name"] in scores
    ]
    if others:
        name = card.score["name"]
        yield f"{name} of other seeds after as many steps: {', '.join(others)}."
    stop = f" --steps {card.steps}" if card.steps < card.budget else ""
    command = f"gankit run {card.name} --size {card.size} --seed {card.seed}{stop}"
    yield f"```\n{command}\n```"


def _value(score):
    """A score of a card as text."""
    if score is None:
        return ""
    value = score["value"]
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


PAGES = {
    "../README.md": readme,
    "results.md": results,
    "scores.md": scores,
    "speed.md": speed,
    "claims.md": claims,
    "tour.md": tour,
    "gallery.md": gallery,
}


def main():
    for name, page in PAGES.items():
        (DOCS / name).write_text(page())
        print((DOCS / name).resolve().relative_to(ROOT))


if __name__ == "__main__":
    main()
