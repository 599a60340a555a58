"""README and docs: code runs, commands and links exist, generated pages are current."""

import dataclasses
import importlib
import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.main import get_command

import gankit
from gankit import experiments
from gankit.cli import app
from gankit.experiments import claims, tables

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
HOWTO = sorted((ROOT / "docs/howto").glob("*.md"))
FAQ = ROOT / "docs/troubleshooting.md"
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "notebooks/README.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *HOWTO,
]
MAKEFILE = (ROOT / "Makefile").read_text()
ONE_STEP = "steps_per_epoch=1, epochs=1, verbose=0"


def _load(name):
    """A module of the folder docs, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / f"docs/{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


build_pages, build_gallery = _load("build_pages"), _load("build_gallery")


def _blocks(text, language):
    """The fenced blocks of a language, or of none."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.S | re.M)
    return [block for name, block in blocks if name == language]


def _command_lines(text, program):
    """Lines of code blocks and code spans that call a program."""
    lines = [line for block in _blocks(text, "") for line in block.splitlines()]
    lines += re.findall(r"`([^`]+)`", re.sub(r"(?ms)^```.*?^```$", "", text))
    found = (line.partition(" #")[0].strip() for line in lines)
    return [line for line in found if line.startswith(program + " ")]


def _pictures(folder, count):
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for i in range(count):
        pixels = rng.integers(0, 256, (70, 90, 3), dtype="uint8")
        Image.fromarray(pixels).save(folder / f"{i}.png")


def _short(script):
    """The script with one step per training, and how many trainings it has."""
    return re.subn(r"steps_per_epoch=\d+, epochs=\d+", ONE_STEP, script)


# Runs the code of each page in a folder and with names of its own.
DRIVER = """
import os, sys, traceback

for page in sys.argv[1:]:
    os.chdir(page)
    try:
        exec(compile(open("page.py").read(), page, "exec"), {"__name__": "page"})
    except Exception:
        traceback.print_exc()
        sys.exit(f"the code of {page} fails")
"""


@pytest.mark.tensorflow
def test_the_code_of_every_how_to_page_runs(tmp_path):
    index = ROOT / "docs/howto/index.md"
    listed = re.search(r"```{toctree}\n(.*?)```", index.read_text("utf-8"), re.S)[1]
    pages = [FAQ, *((index.parent / f"{name}.md").resolve() for name in listed.split())]
    assert set(HOWTO) - {index} <= set(pages)
    # A CPU can be divided into devices only before it has computed anything.
    pages.sort(key=lambda page: page.stem != "devices")
    places = []
    for page in pages:
        place = tmp_path / page.stem
        _pictures(place / "pictures", 16)
        for side in ("trainA", "trainB"):
            _pictures(place / "photos" / side, 2)
        blocks = _blocks(page.read_text("utf-8"), "python")
        assert blocks or page.stem == "own_photos", page
        script, _ = _short("\n".join(blocks))
        (place / "page.py").write_text(script, encoding="utf-8")
        places.append(str(place))
    finished = subprocess.run(
        [sys.executable, "-c", DRIVER, *places],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr[-2000:]


@pytest.mark.tensorflow
def test_the_code_of_the_readme_runs(tmp_path):
    _pictures(tmp_path / "FOLDER", 8)
    first, folder, own, score = _blocks(README, "python")
    lines = first.splitlines(keepends=True)
    (start,) = (i for i, line in enumerate(lines) if line.startswith("gan = "))
    rest = "".join(lines[start:])
    after_own = "".join(lines[start + 1 :])
    script = "\n".join([first, score, folder, rest, own, after_own])
    script, epochs = _short(script)
    assert epochs == 3
    (tmp_path / "readme.py").write_text(script)
    finished = subprocess.run(
        [sys.executable, "readme.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "GANKIT_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr[-2000:]
    assert "FCD-digits-28" in finished.stdout
    with Image.open(tmp_path / "digits.png") as picture:
        assert min(picture.size) > 8 * 64  # the last GAN's images, 8 x 8 of 64 x 64


# What the text around the code of a page defines.
GIVEN = {
    "grading": """
from keras import ops
from gankit import losses
from gankit.course.exercises import loss_checks
from gankit.course.exercises.loss_checks import FAKE
from gankit.course.exercises.mistakes import Check
""",
    "scores": "from typing import Any, cast\nreal = fake = cast(Any, None)\n",
}
# What keras.saving.load_model returns, Keras 3.15 does not say, and what
# device.distribute returns depends on the backend.
UNTYPED = {"save_and_export", "devices"}
# The rules that pyright has by default, but two: Keras 3.15 lets it infer that
# keras.ops.shape and keras.ops.sum may return None.
RULES = {
    "typeCheckingMode": "standard",
    "reportOptionalOperand": False,
    "reportOptionalSubscript": False,
}


@pytest.mark.skipif(
    importlib.util.find_spec("basedpyright") is None,
    reason="needs basedpyright, a pyright that comes with its own Node.js",
)
def test_type_checkers_find_no_fault_in_the_code_of_the_pages(tmp_path):
    for page in PAGES:
        blocks = _blocks(page.read_text(), "python")
        if blocks and page.stem not in UNTYPED:
            code = GIVEN.get(page.stem, "") + "\n".join(blocks)
            (tmp_path / f"{page.parent.name}_{page.stem}.py").write_text(code)
    wrong = "import gankit\n\ngankit.datasets.no_such_name\ngankit.GAN(1, 2, 3, 4)\n"
    (tmp_path / "wrong.py").write_text(wrong)
    settings = RULES | {"extraPaths": [str(ROOT)]}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "basedpyright", "--outputjson"]
    finished = subprocess.run(
        [*command, "--pythonpath", sys.executable, "--project", tmp_path],
        capture_output=True,
        text=True,
    )
    report = json.loads(finished.stdout)
    assert report["summary"]["filesAnalyzed"] == len(list(tmp_path.glob("*.py")))
    found = [
        f"{Path(one['file']).name}:{one['range']['start']['line'] + 1}"
        for one in report["generalDiagnostics"]
        if one["severity"] == "error"
    ]
    assert found == ["wrong.py:3", "wrong.py:4"]


@pytest.mark.parametrize("name", build_pages.PAGES)
def test_generated_pages_are_what_make_pages_writes(name):
    page = build_pages.PAGES[name]()
    assert (ROOT / "docs" / name).read_text() == page, "call make pages"


def test_every_claim_is_on_its_page():
    page = (ROOT / "docs/claims.md").read_text()
    assert claims.markdown(claims.ledger()) in page


def test_every_saved_run_is_on_the_page_of_results():
    page = (ROOT / "docs/results.md").read_text()
    for path in (ROOT / "results").glob("**/scores.json"):
        folder = path.parent.relative_to(ROOT / "results").as_posix()
        assert f"(../results/{folder}/samples.png)" in page, folder


def test_remarks_are_about_saved_runs():
    remarks = tomllib.loads((ROOT / "docs/remarks.toml").read_text())
    for name in remarks["run"]:
        assert (ROOT / "results" / name / "scores.json").exists(), name


DISTANCES = ("FID", "KID", "FCD", "KCD")


def test_recall_stands_beside_every_distance():
    for name, columns in build_pages.COLUMNS.items():
        if name == "modes":  # which is itself a recall: the share of modes found
            continue
        assert any(column.score.startswith("recall") for column in columns), name
    for report in tables.REPORTS.values():
        for table in report.tables:
            scores = {score for column in table.columns for score in column.scores}
            if any(score.startswith(DISTANCES) for score in scores):
                beside = any(score.startswith("recall") for score in scores)
                assert beside or "No recall was saved" in " ".join(table.notes)


def test_real_images_have_a_recall_in_the_tables():
    cats, cifar10 = tables.table("cmu", 1), tables.table("buffalo", "Section 5.4")
    assert cats.headings[4] == "saved recall"
    assert cats.rows[-1][2:5] == ("0.30", "0.0", "72.5 %")
    assert cifar10.rows[-1][2:5] == ("0.2", "0.02", "73.8 %")
    assert cifar10.rows[0][2:5] == ("17.6 → 5.5", "0.75", "0.0 %")


def test_the_page_on_resuming_counts_what_was_survived():
    found = json.loads((ROOT / "results/survival.json").read_text("utf-8"))
    kills, cuts = found["kills"], found["power cuts"]
    assert kills["equal"] == kills["trainings"] and cuts["equal"] == cuts["trainings"]
    words = (
        f"after {kills['count']} kills and {cuts['count']} power cuts, all "
        f"{kills['trainings'] + cuts['trainings']} trainings"
    )
    assert words in (ROOT / "docs/resume.md").read_text("utf-8")


def test_minutes_of_the_notebooks_are_those_that_were_measured():
    teaching = (ROOT / "docs/teaching.md").read_text()
    for path in (ROOT / "results/speed/notebooks").glob("*.json"):
        measured = json.loads(path.read_text())
        total = measured["total"]
        minutes = f"{total:.0f}" if total >= 0.5 else "under 1"
        row = rf"^\| \[{path.stem}\]\(.*\| {minutes} \|$"
        assert re.search(row, README, re.M), path.stem
        row = re.search(rf"^\| `{path.stem}` \| (.*) \|$", teaching, re.M)[1]
        stated, memory, sections = row.split(" | ")
        assert float(stated) == pytest.approx(total, abs=0.051), path.stem
        assert memory == f"{measured['memory in GB']} GB", path.stem
        for section in sections.split("; "):
            name, _, part = section.rpartition(" ")
            exact = measured["sections"][name]
            assert float(part) == pytest.approx(exact, abs=0.051), section


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_exist(page):
    text = page.read_text()
    command = get_command(app)
    for line in _command_lines(text, "gankit"):
        words = shlex.split(line)[1:]
        current, found = command, command
        while words and words[0] != "--help" and hasattr(current, "commands"):
            assert words[0] in current.commands, line
            found = current = current.commands[words.pop(0)]
        options = {o for parameter in found.params for o in parameter.opts} | {"--help"}
        for word in words:
            if word.startswith("--"):
                assert word in options, line
    targets = set(re.findall(r"^([a-z-]+):.*##", MAKEFILE, re.M))
    for line in _command_lines(text, "make"):
        assert line.split()[1] in targets, line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_experiments_exist(page):
    commands = "(?:publish|run|sample|show|study|translate)"
    for names in re.findall(
        rf"gankit {commands}((?: [a-z][\w/-]+\b(?!\.))+)", page.read_text("utf-8")
    ):
        for name in names.split():
            assert experiments.find(name), page


def test_the_faq_says_where_to_look_and_what_to_change():
    questions = FAQ.read_text("utf-8").split("\n## ")[1:]
    assert len(questions) > 8
    for question in questions:
        assert "**Look" in question and "**Change" in question, question[:40]


def test_the_faq_lists_every_kind_of_finding():
    folder = ROOT / "gankit/callbacks/doctor"
    code = "".join(path.read_text("utf-8") for path in folder.glob("*.py"))
    kinds = re.findall(r'\b(?:Sign|Finding)\(\s*"(\w+)"', code)
    listed = re.findall(r"^\| `(\w+)` \| .+ \| .+ \|$", FAQ.read_text("utf-8"), re.M)
    assert set(listed) == set(kinds) and len(listed) == len(set(kinds))


def test_names_of_the_readme_exist():
    rows = re.findall(r"^\| \[(gankit\.\w+)\].*\| (`.*`) \|$", README, re.M)
    assert len(rows) == 8
    for module, names in rows:
        for name in re.findall(r"`(\w+)`", names):
            getattr(importlib.import_module(module), name)
    for path in set(re.findall(r"gankit(?:\.\w+)+", README)):
        current = importlib.import_module("gankit")
        for part in path.split(".")[1:]:
            current = getattr(current, part)


def test_the_readme_is_short():
    assert len(README.splitlines()) <= 165


def test_the_pictures_are_light_and_what_make_pages_draws():
    assert build_gallery.TARGET.stat().st_size <= 250_000
    with Image.open(build_gallery.TARGET) as picture:
        assert np.array_equal(picture, build_gallery.gallery())
    for name in build_gallery.WITHOUT_SAMPLES:
        path = build_gallery.IMAGES / f"{name}.jpg"
        assert path.stat().st_size <= 60_000
        with Image.open(path) as picture:
            drawn = np.asarray(build_gallery.samples(name), "int16")
            # JPEG rounds.
            assert np.abs(np.asarray(picture, "int16") - drawn).mean() < 4


def test_a_model_without_a_picture_has_no_page():
    (card,) = (card for card in gankit.pretrained() if card.name == "demo")
    other = dataclasses.replace(card, steps=1)
    with pytest.raises(FileNotFoundError, match="received none: publish the run"):
        list(build_pages._model(other, "a model"))


def test_the_makefile_names_tests_that_exist():
    for lists in re.findall(
        r"addprefix tests/test_,\$\(addsuffix .py, \\\n(.*?)\)\)", MAKEFILE, re.S
    ):
        for name in lists.replace("\\", " ").split():
            assert (ROOT / f"tests/test_{name}.py").exists(), name
