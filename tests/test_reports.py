"""The reports' figures and tables, their notebooks and their pages of HTML."""

import ast
import functools
import html.parser
import io
import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from gankit import experiments, files
from gankit.cli import app
from gankit.experiments import claims, figures, tables
from gankit.experiments.running import saved
from gankit.inspection import diagrams

ROOT = Path(__file__).parents[1]
REPORTS = tuple(figures.PAGES)
NOTEBOOKS = {name: ROOT / f"notebooks/reports/{name}.ipynb" for name in REPORTS}
ENTRIES = [(name, entry) for name in REPORTS for entry in figures.PAGES[name].entries]
FIGURES = [(name, entry) for name, entry in ENTRIES if not entry.is_table]
CALLS = ("figure", "table", "verdicts", "readings", "not_run")


@functools.cache
def drawn(report, which):
    return figures.figure(report, which)


def waiting(report):
    """Names of the figures and tables in the list of what was not run."""
    rows = figures.not_run(report).rows
    return {name for _, names in rows for name in names.split(", ")}


def cells(report, kind):
    notebook = json.loads(NOTEBOOKS[report].read_text("utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def text_of(output):
    """Words that an output shows, without those of pictures."""
    data = output.get("data", {"text/plain": output.get("text", "")})
    kinds = ("text/markdown", "text/html", "text/plain")
    return "".join(data[next(kind for kind in kinds if kind in data)])


def test_all_reports_have_a_page_and_all_their_tables_a_place():
    assert REPORTS == tuple(tables.REPORTS)
    for name, report in tables.REPORTS.items():
        placed = [each.name for each in figures.PAGES[name].entries if each.is_table]
        assert sorted(placed) == sorted(table.name for table in report.tables), name


@pytest.mark.parametrize("report", REPORTS)
def test_every_figure_is_drawn_or_in_the_list(report):
    list_of_this = waiting(report)
    for entry in figures.PAGES[report].entries:
        if entry.is_table:
            missing = bool(tables.missing(report, entry.name))
            runs = tables.table(report, entry.name).runs
            assert missing == (tables.NONE in runs) == (entry.name in list_of_this)
            continue
        found = drawn(report, entry.name)
        assert bool(found.pictures) != (entry.name in list_of_this), entry.name
        assert entry.report and entry.title
        if found.pictures:
            assert list(found.caption) == ["The report", "Ours", "What to notice"]
            assert all(found.caption.values()), entry.name
            assert not re.search(r"[{}]|\d%", found.caption["What to notice"])


def test_a_command_of_the_list_names_an_experiment_or_a_command():
    names = set(experiments.names())
    commands = {
        command for name in REPORTS for command, _ in figures.not_run(name).rows
    }
    for command in commands:
        words = command.split()
        if words[:2] == ["gankit", "run"]:
            assert words[2] in names and "--size full" in command
        elif words[0] == "python":
            assert (ROOT / words[1]).is_file()
        else:
            assert words[:2] in (["gankit", "translate"], ["gankit", "dataset"], ["–"])


def test_what_is_not_saved_waits(monkeypatch):
    monkeypatch.setattr(saved, "result_folders", tuple)
    found = figures.figure("imperial", 2)
    assert found.pictures == () and found.caption["Ours"] == figures.LATER
    assert figures.LATER in str(found)
    listed = dict(figures.not_run("imperial").rows)
    run = listed["gankit run imperial/dcgan-shallow --size full"]
    assert {"Figure 2", "Figure 4", "Section 2"} <= set(run.split(", "))
    retrain = "gankit retrain imperial/cgan-shallow-masked-smooth --size full"
    assert listed[retrain] == "Figure 13, Figure 14"
    half = "gankit run buffalo/dcgan --width half --size full"
    assert "DCGAN 4" in dict(figures.not_run("buffalo").rows)[half]
    # Diagrams need no run.
    assert figures.figure("dtu", 1).pictures


@pytest.mark.parametrize(
    ("report", "which", "message"),
    [
        ("imperial", 15, "Figure 1, Figure 2, .*, Figure 14, received 15"),
        ("buffalo", 1, "DCGAN 4, .*Figure 2, SAGAN 4"),
        ("cmu", "2.6", "2.6 losses, 2.6 samples"),
        ("imperiel", 1, "imperial, dtu, iisc, buffalo, cmu"),
    ],
)
def test_unknown_numbers_are_answered_with_those_there_are(report, which, message):
    with pytest.raises(ValueError, match=message):
        figures.figure(report, which)


def test_losses_are_those_that_were_logged():
    shallow = experiments.load_saved("imperial/dcgan-shallow").history
    (picture,) = drawn("imperial", 2).pictures
    d_loss, g_loss = picture.axes[0].lines
    assert np.array_equal(d_loss.get_ydata(), shallow["d_loss"])
    assert np.array_equal(g_loss.get_ydata(), shallow["g_loss"])
    (picture,) = drawn("dtu", 4).pictures
    titles = [axes.get_title() for axes in picture.axes]
    assert titles == ["discriminators", "generators, adversarial", "cycle", "identity"]
    logged = experiments.load_saved("dtu/horse2zebra-cr").history
    # A line and its moving average for each of two runs.
    assert np.array_equal(picture.axes[2].lines[3].get_ydata(), logged["cycle_loss"])
    assert picture.axes[2].get_xlabel() == "step"


def test_bars_are_scores_and_baselines():
    run = experiments.load_saved("dtu/horse2zebra")
    (picture,) = drawn("dtu", 6).pictures
    heights = [bar.get_height() for bar in picture.axes[0].patches]
    assert len(heights) == 7
    assert heights[2] == run.values["FID-768/tf1, horse to zebra"]
    assert heights[5] == run.baseline["FID-768/tf1, horse to zebra"]
    assert picture.axes[0].texts[2].get_text() == f"{heights[2]:.2f}"

    (picture,) = drawn("imperial", 12).pictures
    bars = picture.axes[0].patches
    worst = experiments.load_saved("imperial/cgan-deep-c3")
    assert len(bars) == 60
    expected = 100 * worst.values["conditional accuracy, class 5"]
    assert bars[55].get_height() == pytest.approx(expected)
    assert round(bars[55].get_x() + bars[55].get_width() / 2) == 5


def test_scores_during_training_stand_beside_real_images():
    run = experiments.load_saved("buffalo/sagan-half")
    (picture,) = drawn("buffalo", "SAGAN 5.4").pictures
    sagan, dcgan, real = picture.axes[0].lines
    assert np.array_equal(sagan.get_ydata(), run.on_the_way["FCD-cifar10"])
    assert real.get_ydata()[0] == run.baseline["FCD-cifar10"]
    assert dcgan.get_label() == "DCGAN"


def test_retrained_classifiers_are_means_over_seeds():
    folder = experiments.saved_folder("retraining/imperial/cgan-shallow-masked-smooth")
    rows = files.read_table(folder / "table.csv", words=("order",))
    (picture,) = drawn("imperial", 13).pictures
    curves = {c.get_label(): c.lines[0] for c in picture.axes[0].containers}
    assert len(curves) == 4
    for label, line in curves.items():
        x, y = line.get_data()
        assert x[0] == 0 and x[-1] == 100
        order, _, confident = label.partition(", ")
        wanted = {"figure": 13, "order": order, "real": 0.8 * 55_000}
        wanted["confident"] = bool(confident)
        chosen = [r for r in rows if {key: r[key] for key in wanted} == wanted]
        assert len(chosen) == 2
        mean = 100 * np.mean([row["accuracy"] for row in chosen])
        assert y[list(x).index(80)] == pytest.approx(mean)
    (picture,) = drawn("imperial", 14).pictures
    labels = [text.get_text() for text in picture.legends[0].get_texts()]
    assert len(labels) == 4 and "real alone, shifted copies" in labels
    low, high = picture.axes[0].get_ylim()
    levels = [line.get_ydata()[0] for line in picture.axes[0].lines]
    assert low < min(levels) and max(levels) < high


def test_toy_figures_count_the_seeds_that_lost_a_mode():
    rows = files.read_table(
        experiments.saved_folder("toys/one-dimension") / "table.csv", words=("panel",)
    )
    (picture,) = drawn("iisc", 2).pictures
    for axes in picture.axes:
        panel, _, lost = axes.get_title().partition(": ")
        seeds = [row for row in rows if row["panel"] == panel]
        assert len(axes.lines) == len(seeds) == 20
        # The data lie in two intervals on either side of 0.
        (data,) = (r for r in rows if r["panel"] == "data" and r["figure"] == 2)
        bins = [key for key in data if key.lstrip("-")[0].isdigit() and data[key] > 0]
        masses = [
            [
                sum(row[b] for b in bins if (b[0] == "-") == left)
                for left in (True, False)
            ]
            for row in seeds
        ]
        expected = sum(min(mass) < 0.05 for mass in masses)
        assert lost == f"{expected} of 20 seeds lost a mode"


def test_saved_pictures_are_shown_as_they_are():
    samples = Image.open(
        experiments.saved_folder("imperial/cgan-deep-c3") / "samples.png"
    )
    (fives,) = drawn("imperial", 11).pictures
    strip = np.asarray(samples)
    shown = np.asarray(fives)[figures.LABEL :]
    for row in (0, 9):
        # Tiles of 56 pixels, 4 apart.
        tile = strip[4 + 60 * row :][:56, 4 + 60 * 5 :][:, :56]
        assert np.array_equal(shown[2:58, 2 + 60 * row :][:, :56], tile)

    source = experiments.saved_folder("dtu/horse2zebra") / "samples.png"
    horses = np.asarray(Image.open(source).convert("RGB"), "int")
    (picture,) = drawn("dtu", 5).pictures
    for lossless, error in ((True, 0), (False, 8)):
        file = io.BytesIO(figures._encode(picture, lossless))
        with Image.open(file) as shown:
            assert shown.mode == "RGB"
            pixels = np.asarray(shown, "int")[figures.LABEL :][: len(horses)]
        assert np.abs(pixels - horses).mean() <= error


def test_networks_are_drawn_from_the_model_objects():
    generator, discriminator = drawn("imperial", 6).pictures
    said = [
        " ".join(t.get_text() for t in p.axes[0].texts)
        for p in (generator, discriminator)
    ]
    assert all("by embedding of labels" in words for words in said)
    assert "28 x 28 x 32" in said[0] and "7 x 7 x 256" in said[1]


def test_attention_has_all_its_parts():
    figure = diagrams.attention()
    words = " ".join(text.get_text() for text in figure.axes[0].texts)
    for part in ("keys", "queries", "values", "softmax of rows", "gamma starts at 0"):
        assert part in words
    width, height = figure.get_size_inches()
    figure.canvas.draw()
    for text in figure.axes[0].texts:
        box = text.get_window_extent().transformed(figure.dpi_scale_trans.inverted())
        assert 0 <= box.x0 and box.x1 <= width and 0 <= box.y0 and box.y1 <= height


def test_a_table_says_which_runs_it_is_from():
    filled = experiments.table("imperial", 1)
    assert filled.runs[0] == "seed 0 (of 3), 860 of 8,593 steps, n = 10,000"
    assert filled.runs[6] == "n = 10,000"
    lines = str(filled).splitlines()
    assert lines[1].split()[-2:] == ["saved", "runs"]
    assert lines[2].startswith("Shallow ") and lines[2].endswith("n = 10,000")
    assert filled.agrees and filled.agrees in filled._repr_markdown_()
    short = experiments.load_saved("imperial/cgan-shallow@full-seed1")
    assert tables.describe(short) == "seed 1 (of 3), 860 of 8,593 steps"
    half = experiments.load_saved("buffalo/sagan-half")
    assert tables.describe(half, 64) == "seed 0, 10,000 steps, half width, n = 64"


@pytest.mark.parametrize("report", REPORTS)
def test_claims_keep_their_verdicts_and_readings_their_experiments(report):
    ledger = claims.ledger(report)
    rows = figures.verdicts(report).rows
    assert [row[1] for row in rows] == [claim.claim for claim in ledger]
    for claim, (_, _, verdict, seeds, found) in zip(ledger, rows, strict=True):
        outcome = claims.check(claim)
        none = outcome.verdict == "not run"
        assert verdict == (tables.NONE if none else outcome.verdict)
        assert seeds == str(outcome.seeds or tables.NONE) and "not run" not in found
    told = [line for line, _ in figures.readings(report).rows]
    assert len(told) == len({*told})
    for name in tables.models(report):
        for line in experiments.find(name).our_reading:
            assert line in told


@pytest.mark.parametrize("report", REPORTS)
def test_a_notebook_calls_each_figure_and_table_once_in_the_order_of_its_pages(report):
    calls = []
    for cell in cells(report, "code"):
        source = "".join(cell["source"])
        assert len(source.splitlines()) <= 10
        if "%pip" in source:
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and node.func.id in CALLS:
                calls.append((node.func.id, *(a.value for a in node.args)))
    expected = []
    for entry in figures.PAGES[report].entries:
        kind = "table" if entry.is_table else "figure"
        number = re.fullmatch(rf"{kind} (\d+)", entry.name, re.IGNORECASE)
        expected.append((kind, report, int(number[1]) if number else entry.name))
    assert calls == expected + [(name, report) for name in CALLS[2:]]


@pytest.mark.parametrize("report", REPORTS)
def test_a_notebook_was_run_from_top_to_bottom(report):
    assert NOTEBOOKS[report].stat().st_size < 400_000
    code = cells(report, "code")
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell["outputs"]]
    assert {output["output_type"] for output in outputs} <= {
        *("display_data", "execute_result"),
    }
    said = [" ".join(map(text_of, cell["outputs"])) for cell in code]
    assert not any("not run" in words.lower() for words in said[:-1])
    assert "Not run" in said[-1]
    for report_of, entry in FIGURES:
        if report_of == report:
            found = drawn(report, entry.name)
            assert sum(found.title in words for words in said) == 1
            for text in found.caption.values():
                assert any(text in words for words in said), entry.name
    pictures = [o for o in outputs if {"image/png", "image/jpeg"} & set(o["data"])]
    assert all(
        any("alt" in values for values in o["metadata"].values()) for o in pictures
    )


@pytest.mark.parametrize("report", REPORTS)
def test_a_notebook_has_the_words_of_the_page(report):
    words = ["".join(cell["source"]) for cell in cells(report, "markdown")]
    page = figures.PAGES[report]
    assert page.about in words[0] and tables.REPORTS[report].university in words[0]
    sections = [entry for entry in page.entries if entry.section]
    for entry, cell in zip(sections, words[2:], strict=False):
        assert cell.strip() == f"## {entry.section}\n\n{entry.words}".strip()


class Parts(html.parser.HTMLParser):
    """Sources, links, and texts by the tag that they stand in; checks the nesting."""

    def __init__(self):
        super().__init__()
        self.open, self.images, self.links, self.texts = [], [], [], {}

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.links += [attributes[key] for key in ("href", "src") if key in attributes]
        if tag == "img":
            self.images.append(attributes)
        if tag not in ("img", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open:
            self.texts.setdefault(self.open[-1], []).append(data)


@pytest.mark.parametrize("report", REPORTS)
def test_a_page_needs_no_other_file_and_has_every_caption_once(report, monkeypatch):
    monkeypatch.setattr(figures, "figure", drawn)
    page = figures.page(report)
    parts = Parts()
    parts.feed(page)
    assert not parts.open
    assert all(link.startswith("data:image/png;base64,") for link in parts.links)
    assert all(image["alt"] for image in parts.images)
    assert "http:" not in page and "https:" not in page and "<script" not in page
    titles = Counter(parts.texts["h3"] + parts.texts["caption"])
    assert set(titles.values()) == {1}
    body = "".join(text for texts in parts.texts.values() for text in texts)
    for entry in figures.PAGES[report].entries:
        if entry.is_table:
            assert tables.table(report, entry.name).title in titles
            continue
        found = drawn(report, entry.name)
        assert found.title in titles
        for text in found.caption.values():
            assert text in body, entry.name
    for fill in (figures.verdicts, figures.readings, figures.not_run):
        assert fill(report).title in titles


def test_the_command_writes_the_page(tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "page", lambda name: tables.find_report(name).subject)
    path = tmp_path / "dtu.html"
    result = CliRunner().invoke(app, ["report", "dtu", "--html", str(path)])
    assert result.exit_code == 0 and "dtu.html" in result.output
    assert path.read_text("utf-8") == tables.REPORTS["dtu"].subject
    other = tmp_path / "other.html"
    result = CliRunner().invoke(app, ["report", "dtuu", "--html", str(other)])
    assert result.exit_code == 1 and "imperial, dtu" in result.output
    assert not other.exists()
