"""The report kit: its table and figures against the files, errors, printed pages."""

import dataclasses
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pypdf
import pytest
from PIL import Image
from scipy import stats

from gankit import files, plotting
from gankit.course import report_kit
from gankit.course.report_kit.page import markdown
from gankit.course.report_kit.table import COLUMNS
from gankit.metrics import Score

ROOT = Path(__file__).parents[1]
TOO_LONG = "This report does not fit on two printed pages"
THREATS = (
    "Three seeds of one network on one data set say nothing of others. The features "
    "are those of a classifier of the same data, and 200 images leave a wide "
    "interval. We stopped after 40 steps, so a slower method may still catch up, which "
    "would make the difference smaller than it looks here."
)
WORDS = report_kit.Words(
    title="Does smoothing help?",
    authors="Ada & Emmy",
    question="Does *one-sided* smoothing lower the distance?",
    expectation="Yes: the discriminator is less sure.",
    answer="As table 1 and figure 4 show:\n\n- **lower** on `three` seeds <of 3>",
    threats_to_validity=THREATS,
    contributions="Both did all.",
)


@pytest.fixture
def write_run(tmp_path):
    """Function that writes a run as `gankit run` leaves it; nothing is trained."""

    def write(name="plain", seed=0, value=2.0, n=200, steps=40, finished=True, **more):
        folder = tmp_path / "runs" / f"{name}@class-seed{seed}-{steps}"
        folder.mkdir(parents=True)
        record = {
            "name": name,
            "size": "class",
            "seed": seed,
            "batch_size": 64,
            "backend": "tensorflow",
            "precision": "float32",
            "threads": 2,
            "devices": 1,
            "data": "digits-28",
            "data_fingerprint": "53ebff45",
            "versions": {"keras": "3.15.1"},
            "device": "a laptop",
            "seconds": 12.0 + seed,
            "findings": [],
            **more,
        }
        (folder / "run.json").write_text(json.dumps(record))
        rng = np.random.default_rng(seed)
        for step in range(4, steps + 1, 4):
            losses = {"d_loss": 1.0 + rng.random(), "g_loss": 0.7 + rng.random()}
            files.append_history(folder / "history.csv", {"step": step, **losses})
        if not finished:
            return folder
        for step in (steps // 2, steps):
            row = {"step": step, "FCD-digits-28": value + 10 / step, "precision": 0.5}
            files.append_history(folder / "scores.csv", row)
        interval = (value - 0.5, value + 0.5)
        fcd = {"extractor": "classifier-digits-28", "spread": "halves of the pictures"}
        scores = [
            Score("d_loss", 1.2),
            Score("FCD-digits-28", value, n, n, interval=interval, **fcd),
            Score("precision", 0.5, n, n, extractor="classifier-digits-28"),
        ]
        real = Score("FCD-digits-28", 0.8, n, n, interval=(0.1, 1.5), **fcd)
        content = {
            **record,
            "steps": steps,
            "steps_asked": steps,
            "budget": 40,
            "commit": "abc",
            "scores": [dataclasses.asdict(score) for score in scores],
            "baselines": {"real against real": [dataclasses.asdict(real)]},
        }
        (folder / "scores.json").write_text(json.dumps(content))
        samples = rng.integers(0, 200, (100, 28, 28, 1), dtype="uint8")
        plotting.save_grid(folder / "samples.png", samples, scale=2)
        return folder

    return write


@pytest.fixture
def find(tmp_path):
    """Function that reads the runs that were written."""
    return lambda *only: report_kit.find_runs(tmp_path / "runs", only or ("*",))


def test_the_table_has_what_the_files_have(write_run, find):
    values = (2.0, 2.6, 2.3)
    for seed, value in enumerate(values):
        write_run(seed=seed, value=value)
    write_run("smooth", value=1.5)
    plain, smooth = report_kit.summarise(find())
    assert (plain.name, plain.seeds, plain.values) == ("plain", (0, 1, 2), values)
    expected = stats.t.interval(0.95, 2, np.mean(values), stats.sem(values))
    np.testing.assert_allclose(plain.interval, expected, rtol=1e-12)
    assert plain.value == pytest.approx(np.mean(values))
    assert plain.spread == "3 seeds" and plain.seconds == 13.0
    assert plain.baseline.value == 0.8
    # One seed has the interval of its file, and says what that is over.
    assert smooth.interval == (1.0, 2.0) and smooth.spread == "halves of the pictures"

    table = report_kit.Report(find()).table
    cells = [dict(zip(COLUMNS, row, strict=True)) for row in table.rows]
    assert cells[0] == {
        "experiment (size)": "plain (class)",
        "seeds": "0, 1, 2",
        "steps of budget": "40 of 40",
        "n real / generated": "200 / 200",
        "score": "FCD-digits-28 (a)",
        "value": "2.3",
        "95 %": f"{expected[0]:.3g} to {expected[1]:.3g} (3 seeds)",
        "real images": "0.8",
        "device": "a laptop",
        "s": "13",
    }
    assert cells[1]["seeds"] == "0 (one seed)"
    assert cells[1]["95 %"] == "1 to 2 (halves of the pictures)"
    assert table.notes == ("a: classifier-digits-28.",)
    other = report_kit.summarise(find(), "precision")
    assert [row.values for row in other] == [(0.5, 0.5, 0.5), (0.5,)]


def test_cautions_name_all_differences_and_figures_show_comparable_runs(
    write_run, find
):
    write_run(seed=0)
    write_run(seed=1, steps=20, device="a cluster")
    write_run("smooth", n=1000)
    rows = report_kit.summarise(find())
    assert [row.seeds for row in rows] == [(1,), (0,), (0,)]
    report = report_kit.Report(find())
    text = "\n".join(report.cautions)
    assert "One seed: plain (class), smooth (class)." in text
    assert "Unequal steps: 20 for plain (class); 40 for plain (class)." in text
    assert "Scored before the end of the budget: plain (class) 20 of 40 steps." in text
    assert "Unequal device: a cluster and a laptop." in text
    assert (
        "These scores are not comparable with each other: FCD-digits-28, n 200 real "
        "and 200 generated (plain (class)); FCD-digits-28, n 1,000 real and 1,000 "
        "generated (smooth (class))." in text
    )
    # The figures of scores show only the largest group of comparable runs.
    pictures = {figure.name: figure.picture for figure in report.figures}
    assert list(pictures) == ["samples", "losses", "scores", "seeds"]
    labels = pictures["scores"].axes[0].get_legend_handles_labels()[1]
    assert labels == ["plain, seed 1", "plain, seed 0", "real images: 0.8"]
    terms = {c.criterion: c for c in report_kit.check_report(report)}
    assert not terms["Equal terms"].good and not terms["Seeds and intervals"].good
    for seed in (2, 3):
        write_run(seed=seed)
    report = report_kit.Report(find("plain*-40"))
    terms = {c.criterion: c for c in report_kit.check_report(report)}
    assert terms["Equal terms"].good and terms["Seeds and intervals"].good
    assert report.cautions == []


def test_failures_are_listed(write_run, find):
    finding = {"kind": "collapse", "step": 8, "sentence": "The samples are alike."}
    write_run(seed=0, findings=[finding])
    write_run(seed=1, finished=False, stopped="Stopped after step 12. A loss is NaN.")
    write_run(seed=2, finished=False, steps=20)
    report = report_kit.Report(find())
    assert report.failures == [
        "plain, seed 2: The run was never scored: 20 of ? steps are logged.",
        "plain, seed 0, step 8: The samples are alike.",
        "plain, seed 1: Stopped after step 12. A loss is NaN.",
    ]
    # Failed runs are in the table, without a score, and their losses are drawn.
    assert [row.values for row in report.rows] == [(), (2.0,), ()]
    losses = next(f for f in report.figures if f.name == "losses").picture
    assert len(losses.axes) == 3


@pytest.mark.parametrize(
    "threats, received",
    [
        ("", "none"),
        ("  ...  ", "the placeholder"),
        (report_kit.Words().threats_to_validity, "the placeholder"),
        (f"[{THREATS}]", "the placeholder"),
        ("There are none.", "3 words"),
        (report_kit.EXAMPLE.threats_to_validity, "those of the example"),
    ],
)
def test_nothing_is_exported_without_threats_to_validity(
    write_run, find, tmp_path, threats, received
):
    write_run()
    words = dataclasses.replace(WORDS, threats_to_validity=threats)
    report = report_kit.Report(find(), words)
    with pytest.raises(ValueError, match=f"received {received}: write"):
        report.export(tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not report_kit.check_report(report)[8].good


@pytest.fixture
def print_page(tmp_path):
    """Function that prints an HTML file with Chromium and reads the PDF."""
    names = ("chromium", "chromium-browser", "google-chrome")
    browser = next(filter(None, map(shutil.which, names)), None)
    if browser is None:
        pytest.skip("no Chromium, which prints the report")

    def print_page(path):
        pdf = path.with_suffix(".pdf")
        switches = (
            *("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run"),
            *("disable-background-networking", "disable-component-update"),
            *("disable-sync", f"user-data-dir={tmp_path / 'profile'}"),
            *("no-pdf-header-footer", f"print-to-pdf={pdf}"),
        )
        command = [browser, *(f"--{switch}" for switch in switches), str(path)]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        return pypdf.PdfReader(pdf)

    return print_page


def test_the_html_file_refers_to_no_other(write_run, find, tmp_path):
    write_run()
    path = report_kit.Report(find(), WORDS).export(tmp_path / "out")
    assert path == tmp_path / "out" / "report.html"
    text = path.read_text()
    assert not re.search(r'(src|href)="(?!data:)|url\(|@import|https?:', text)
    assert len(re.findall(r'<img src="data:image/png;base64,([^"]+)"', text)) == 4
    assert "<strong>lower</strong>" in text and "<code>three</code>" in text
    assert "&lt;of 3&gt;" in text and "Ada &amp; Emmy" in text


def test_a_report_prints_on_two_pages_of_a4(write_run, find, tmp_path, print_page):
    for seed in (0, 1, 2):
        write_run(seed=seed, value=2 + seed / 10)
    write_run("smooth", value=1.5)
    path = report_kit.Report(find(), WORDS).export(tmp_path / "out")
    reader = print_page(path)
    assert len(reader.pages) in (1, 2)
    assert reader.metadata.title == WORDS.title
    assert sum(len(sheet.images) for sheet in reader.pages) == 4
    text = " ".join(sheet.extract_text() for sheet in reader.pages)
    text = " ".join(text.split())
    for sentence in (
        "Ada & Emmy",
        "Does one-sided smoothing lower the distance?",
        "on three seeds <of 3>",
        THREATS,
        "0 (one seed)",
        "One seed: smooth (class).",
        "No run failed.",
        "gankit run plain --size class --seed 0 and 1 and 2",
    ):
        assert sentence in text
    assert TOO_LONG not in text
    for sheet in reader.pages:
        width, height = (float(side) for side in sheet.mediabox[2:])
        assert (round(width), round(height)) == (595, 842)  # A4


def test_a_long_report_shrinks_and_a_longer_one_says_so(
    write_run, find, tmp_path, print_page
):
    for seed in range(2):
        for name in ("a", "b", "c"):
            write_run(name, seed)
    long = dataclasses.replace(WORDS, answer=THREATS * 12)
    path = report_kit.Report(find(), long).export(tmp_path)
    assert len(print_page(path).pages) == 2
    # Without the script that shrinks the type it would take three.
    text = re.sub(r"<script>.*?</script>", "", path.read_text(), flags=re.S)
    path.write_text(text)
    assert len(print_page(path).pages) == 3
    longer = dataclasses.replace(WORDS, answer=(THREATS + "\n\n") * 40)
    reader = print_page(report_kit.Report(find(), longer).export(tmp_path))
    assert len(reader.pages) > 2
    assert TOO_LONG in reader.pages[0].extract_text()


def test_pictures_show_whole_rows_of_the_first_samples(write_run, find):
    folder = write_run()
    (figure,) = (f for f in report_kit.Report(find()).figures if f.name == "samples")
    (grid,) = (image.get_array() for image in figure.picture.axes[0].images)
    whole = np.asarray(Image.open(folder / "samples.png").convert("L"))
    # Five of ten rows of 28 pixels, enlarged twice, with padding of 2 pixels.
    assert grid.shape == ((5 * 30 + 2) * 2, whole.shape[1])
    np.testing.assert_array_equal(grid, whole[: len(grid)])


def test_markdown_is_converted_as_in_commonmark():
    text = "One *two* **three** `4 < 5`\nsix\n\n1. first\n2. second\n\n- ***both***"
    assert markdown(text).split("\n") == [
        "<p>One <em>two</em> <strong>three</strong> <code>4 &lt; 5</code>",
        "six</p>",
        *("<ol>", "<li>first</li>", "<li>second</li>", "</ol>"),
        *("<ul>", "<li><em><strong>both</strong></em></li>", "</ul>"),
        "",
    ]
    # Nothing that a student writes is fetched or run.
    expected = "<p>&lt;script&gt;![a](b)</p>\n"
    assert markdown("<script>![a](b)") == expected


def test_errors_are_sentences(write_run, find, tmp_path):
    assert find() == []
    with pytest.raises(ValueError, match="Expected runs to report, received none"):
        report_kit.Report([])
    folder = write_run()
    with pytest.raises(ValueError, match="match 'demo', received none: choose among"):
        find("demo")
    with pytest.raises(ValueError, match="one of d_loss, FCD-digits-28, precision"):
        report_kit.Report(find(), score="FID")
    (folder / "run.json").write_text('{"name": "pl')
    with pytest.raises(ValueError, match="a damaged or another file"):
        find()


def test_the_rubric_has_the_criteria_of_the_checks():
    text = (ROOT / "docs" / "report_rubric.md").read_text()
    rows = re.findall(r"^\| ([A-Z][^|]+?) \| (\d) \|", text, flags=re.M)
    assert {name: int(points) for name, points in rows} == report_kit.CRITERIA
    assert sum(report_kit.CRITERIA.values()) == 20
    table = text.split("## What the kit checks")[1]
    assert all(f"| {name} |" in table for name in report_kit.CRITERIA)
