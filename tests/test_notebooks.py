"""Notebooks as files: run from top to bottom, small, and open in Colab.

`make test` also runs them, under nbval.
"""

import json
import re
import statistics
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import gankit

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
REPORTS = sorted((ROOT / "notebooks" / "reports").glob("*.ipynb"))
SPEED = ROOT / "results" / "speed" / "notebooks"
LESSONS = [path for path in NOTEBOOKS if path.stem[0] == "0"]
# A cell that prints or plots.
SHOWS = re.compile(
    r"\bprint\(|plotting\.|toys\.pictures\.|\bshow\w*\(|display\(|diagrams\.|Image\("
)
# What each lesson builds or uses by its name.
USED = {
    "00": [],
    "01": ["AdversarialModel", "GAN", "WeightClipping", "pretrained"],
    "02": ["ConditionalGAN", "ConditionalBatchNormalization", "pretrained"],
    "03": ["SelfAttention2D", "SpectralNormalization", "fid", "pretrained"],
    "04": ["ReflectionPadding2D", "ImagePool", "CycleGAN", "pretrained"],
    "05": ["DifferentiableAugmentation", "kid", "pretrained"],
    "06": ["GradientPenalty", "R1", "R2", "GAN", "pretrained"],
}
INSTALL_CELL = next(
    cell.source
    for cell in nbformat.read(NOTEBOOKS[0], as_version=4).cells
    if cell.cell_type == "code"
)


def _code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _tags(cell):
    return cell.metadata.get("tags", [])


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def test_there_are_notebooks():
    assert NOTEBOOKS


def test_it_was_run_from_top_to_bottom(notebook):
    nbformat.validate(notebook)
    counts = [cell.execution_count for cell in _code(notebook)]
    assert counts == list(range(1, len(counts) + 1))
    kinds = {output.output_type for cell in _code(notebook) for output in cell.outputs}
    assert "error" not in kinds


def test_it_is_small_and_says_nothing_of_the_machine_it_ran_on(notebook):
    text = nbformat.writes(notebook)
    assert len(text) < 1_000_000
    for cell in _code(notebook):
        for output in cell.outputs:
            picture = output.get("data", {}).get("image/png", "")
            assert len(picture) * 3 / 4 < 100_000
    assert not re.search(r"(?<![\w.:/])/(home|root|Users|tmp|work)/", text)


def test_its_cells_are_those_that_tools_look_for(notebook):
    first, second, *others = _code(notebook)
    assert first.source == INSTALL_CELL
    assert _tags(first) == ["nbval-skip"] and _tags(second) == ["parameters"]
    assert 'os.environ.get("GANKIT_SIZE", "class")' in second.source
    assert any("nbval-check-output" in _tags(cell) for cell in others)
    assert notebook.metadata.kernelspec.name == "python3"


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.stem)
def test_a_report_installs_this_version(path):
    assert _code(nbformat.read(path, as_version=4))[0].source == INSTALL_CELL


@pytest.mark.parametrize("path", [*NOTEBOOKS, *REPORTS], ids=lambda path: path.stem)
def test_every_picture_has_alternative_text(path):
    for cell in _code(nbformat.read(path, as_version=4)):
        for output in cell.outputs:
            for kind in {"image/png", "image/jpeg"} & set(output.get("data", {})):
                said = output.metadata.get(kind, {}).get("alt", "")
                assert len(said) > 5, cell.id


def _run_install_cell(tmp_path, missing):
    """Runs the cell in IPython, where pip only prints what it is told to install."""
    program = (
        "import importlib.util, sys\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "shell.register_magic_function(print, magic_name='pip')\n"
        f"if {missing}: importlib.util.find_spec = lambda name: None\n"
        "result = shell.run_cell(sys.stdin.read())\n"
        "sys.exit(not result.success)\n"
    )
    return subprocess.run(
        [sys.executable, "-c", program],
        input=INSTALL_CELL,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("missing", [True, False])
def test_the_install_cell_takes_the_wheel_of_this_version_where_gankit_is_missing(
    tmp_path, missing
):
    result = _run_install_cell(tmp_path, missing)
    wheel = f'install -q "gankit-{gankit.__version__}-py3-none-any.whl[lesson]"\n'
    assert (result.returncode, result.stdout) == (0, wheel if missing else "")


lessons = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


@lessons
def test_a_lesson_keeps_its_limits(path):
    notebook = nbformat.read(path, as_version=4)
    assert len(notebook.cells) <= 60
    assert path.stat().st_size <= 400_000
    lines = {cell.id: _lines(cell) for cell in _code(notebook)}
    assert {name: n for name, n in lines.items() if n > 25} == {}
    assert statistics.median(lines.values()) <= 7
    shown = sum(_lines(cell) for cell in _code(notebook) if SHOWS.search(cell.source))
    assert shown <= 0.4 * sum(lines.values())
    words = {c.id: _words(c) for c in notebook.cells if c.cell_type == "markdown"}
    assert {name: n for name, n in words.items() if n > 120} == {}


def _lines(cell):
    return sum(bool(line.strip()) for line in cell.source.splitlines())


def _words(cell):
    """Words of prose: neither formulas nor addresses count."""
    return len(re.sub(r"(?s)\$\$.*?\$\$|\]\([^)]*\)", " ", cell.source).split())


@lessons
def test_a_lesson_asks_and_names_what_it_is_about(path):
    notebook = nbformat.read(path, as_version=4)
    for tag, least in (("exercise", 4), ("prediction", 3)):
        assert sum(tag in _tags(cell) for cell in _code(notebook)) >= least
    code = "\n".join(cell.source for cell in _code(notebook))
    missing = [n for n in USED[path.stem[:2]] if not re.search(rf"\b{n}[()]", code)]
    assert missing == []


@lessons
def test_a_saved_output_gives_no_answer_away(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if "def check_" in cell.source:
            printed = "".join(output.get("text", "") for output in cell.outputs)
            assert printed and "expected" not in printed, cell.id
            assert all(line.endswith("not yet") for line in printed.splitlines())


@lessons
def test_a_lesson_was_measured_and_is_quick(path):
    measured = json.loads((SPEED / f"{path.stem}.json").read_text("utf-8"))
    assert measured["total"] < 10
    # Until the first section: the imports, the data and the first picture.
    assert measured["sections"]["start"] <= 0.25


def test_sections_that_teachers_cut_or_keep_exist():
    text = (ROOT / "docs" / "teaching.md").read_text("utf-8")
    sections = re.findall(r"(?m)^\*\*Cut first\*\* (.*)$", text)
    assert len(sections) == len(LESSONS)
    for path, section in zip(LESSONS, sections, strict=True):
        cells = nbformat.read(path, as_version=4).cells
        texts = "\n".join(c.source for c in cells if c.cell_type == "markdown")
        headings = set(re.findall(r"(?m)^#+ (.*)$", texts))
        named = re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", section)
        assert named and set(named) <= headings
