"""Two editions of the notebooks from one source, and the teachers' marking key."""

import copy
import json
import zipfile
from pathlib import Path

from gankit.course.exercises.cells import exercises, is_code, notebooks_in, source, tags

STUB = "# One right answer is in the teachers' edition."
MEASURED = "**Predicted?**"
FOLDED = (
    "<details><summary>Once you have predicted and run it</summary>\n\n{}\n\n</details>"
)


def students(notebook):
    """The edition without answers.

    A cell tagged `solution` keeps its place and a line of comment. One should predict
    before one sees: from a cell tagged `prediction` to the Markdown cell that begins
    with `**Predicted?**` all that was printed and drawn is cleared, and Markdown
    tagged `answer` is folded.

    Args:
        notebook: What `gankit.course.read` returned; it is not changed.

    Returns:
        A notebook.
    """
    notebook = copy.deepcopy(notebook)
    predicting = False
    for cell in notebook["cells"]:
        if not is_code(cell):
            predicting = predicting and not source(cell).startswith(MEASURED)
            if "answer" in tags(cell):
                cell["source"] = FOLDED.format(source(cell))
            continue
        predicting = predicting or "prediction" in tags(cell)
        solution = "solution" in tags(cell)
        if solution:
            cell["source"] = STUB
        if solution or predicting:
            cell["outputs"], cell["execution_count"] = [], None
    return notebook


def marking_key(notebooks):
    """What is asked, one right answer, and what the check looks at.

    Args:
        notebooks: Dict from names to notebooks, as `notebooks_in` returns it.

    Returns:
        Markdown.
    """
    lines = [
        "# Marking key",
        "",
        "An exercise is worth one mark. Other answers than the ones below are right "
        "too: what counts is the check, and what it prints for the answer is under it. "
        "`gankit grade FOLDER` runs the checks of a whole class.",
    ]
    for name, notebook in notebooks.items():
        found = exercises(notebook)
        lines += ["", f"## {name}"]
        if not found:
            lines += ["", "No exercises."]
        for exercise in found:
            lines += [
                "",
                f"### {exercise.number}. {exercise.title}",
                "",
                exercise.question,
                "",
                "One right answer:",
                "",
                "```python",
                exercise.solution.rstrip(),
                "```",
                "",
                "What the check looks at:",
                "",
                "```",
                exercise.expected.rstrip() or "(run the notebook to see it)",
                "```",
            ]
    return "\n".join(lines) + "\n"


def handout(out, folder):
    """Writes `gankit-students.zip` and `gankit-teachers.zip`.

    Both hold the wheel, the notebooks, their README and the rubric for reports; the
    teachers' also the solutions, `marking_key.md`, and the pages on teaching and
    grading.

    Args:
        out: Folder with the wheel, `gankit-*.whl`, where the two files go.
        folder: Folder of the notebooks.

    Returns:
        A list of the two paths.

    Raises:
        ValueError: If there is no wheel, or no notebook, or an exercise lacks a cell.
    """
    out, folder = Path(out), Path(folder)
    wheels = sorted(out.glob("gankit-*.whl"), key=lambda path: path.stat().st_mtime)
    if not wheels:
        raise ValueError(
            f"Expected a wheel gankit-*.whl in {out}, received none: make handout "
            "builds it there first."
        )
    notebooks = notebooks_in(folder)
    key = marking_key(notebooks)
    written = []
    editions = {
        "students": {stem: students(nb) for stem, nb in notebooks.items()},
        "teachers": notebooks,
    }
    for name, edition in editions.items():
        path = out / f"gankit-{name}.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(wheels[-1], wheels[-1].name)
            for page in (folder / "README.md", *_pages(folder, name)):
                if page.exists():
                    archive.write(page, page.name)
            for stem, notebook in edition.items():
                archive.writestr(f"{stem}.ipynb", _text(notebook))
            if name == "teachers":
                archive.writestr("marking_key.md", key)
        written.append(path)
    return written


def _pages(folder, edition):
    names = {
        "students": ("report_rubric.md",),
        "teachers": ("report_rubric.md", "teaching.md", "grading.md"),
    }
    return [folder.parent / "docs" / name for name in names[edition]]


def _text(notebook):
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
