"""Notebooks as files: run from top to bottom, small, and open in Colab.

`make test` also runs them, under nbval.
"""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
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


def _run_install_cell(tmp_path, source=None, missing=True):
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
        env={"GANKIT_SOURCE": source} if source else {},
    )


def test_the_install_cell_takes_a_wheel_or_an_address_and_no_name(tmp_path):
    result = _run_install_cell(tmp_path)
    assert result.returncode == 1 and "Upload the gankit-*.whl" in result.stdout
    wheel = tmp_path / "gankit-0.1.0-py3-none-any.whl"
    wheel.touch()
    result = _run_install_cell(tmp_path)
    assert result.stdout == f'install -q "gankit[lesson] @ {wheel.as_uri()}"\n'
    result = _run_install_cell(tmp_path, source="https://example.org/gankit.zip")
    assert result.stdout == (
        'install -q "gankit[lesson] @ https://example.org/gankit.zip"\n'
    )


def test_the_install_cell_does_nothing_where_gankit_is(tmp_path):
    result = _run_install_cell(tmp_path, missing=False)
    assert (result.returncode, result.stdout) == (0, "")
