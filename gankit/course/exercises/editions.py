"""Writes the editions of the notebooks from one source, and the marking key."""

import copy
import json
import time
import zipfile
from pathlib import Path

from gankit.course.exercises.cells import exercises, is_code, notebooks_in, source, tags
from gankit.course.exercises.nbgrader import nbgrader_edition

STUB = "# One right answer is in the teachers' edition."
MEASURED = "**Predicted?**"
FOLDED = (
    "<details><summary>Once you have predicted and run it</summary>\n\n{}\n\n</details>"
)
_PAGES = {
    "students": ("students.md", "report_rubric.md"),
    "teachers": ("students.md", "report_rubric.md", "teaching.md", "grading.md"),
    "nbgrader": ("teaching.md",),
}
_KEY = """# Marking key

An exercise is worth one point. Other answers than those below can be right too: the
check decides. Below each answer is what the check prints for it. `gankit grade FOLDER`
runs the checks for a whole class.
"""


def student_edition(notebook):
    """The edition without answers.

    A cell tagged `solution` keeps its place and one line of comment. Students should
    predict before they see results: from a cell tagged `prediction` to the Markdown
    cell with `**Predicted?**` all outputs are cleared, and Markdown tagged `answer` is
    folded.

    Args:
        notebook: What `gankit.course.exercises.read` returned; it is not changed.

    Returns:
        A notebook.
    """
    notebook = copy.deepcopy(notebook)
    predicting = False
    for cell in notebook["cells"]:
        if not is_code(cell):
            predicting = predicting and MEASURED not in source(cell)
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
    """Lists each question with one right answer and what the check looks at.

    Args:
        notebooks: Dict from names to notebooks, as `notebooks_in` returns it.

    Returns:
        Markdown.
    """
    parts = [_KEY]
    for name, notebook in notebooks.items():
        found = exercises(notebook)
        parts += [f"## {name}"] + ([] if found else ["No exercises."])
        for exercise in found:
            expected = exercise.expected.rstrip() or "(run the notebook to see it)"
            parts += [
                f"### {exercise.number}. {exercise.title}",
                exercise.question,
                "One right answer:",
                f"```python\n{exercise.solution.rstrip()}\n```",
                "What the check looks at:",
                f"```\n{expected}\n```",
            ]
    return "\n\n".join(parts)


def handout(out, folder):
    """Writes `gankit-students.zip`, `gankit-teachers.zip` and `gankit-nbgrader.zip`.

    All hold the wheel and the notebooks. Students and teachers get the page for
    students and the rubric for reports. The teachers' edition also holds the solutions,
    `marking_key.md`, the notebooks' README and the pages on teaching and grading. The
    third has the folder `source/` of a course in nbgrader.

    Args:
        out: Folder that holds the wheel, `gankit-*.whl`, and receives the three files.
        folder: Folder of the notebooks.

    Returns:
        A list of the three paths.

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
    editions = {
        "students": {name: student_edition(nb) for name, nb in notebooks.items()},
        "teachers": notebooks,
        "nbgrader": {
            f"source/{name}/{name}": nbgrader_edition(student_edition(nb), found)
            for name, nb in notebooks.items()
            if (found := exercises(nb))
        },
    }
    paths = []
    for edition, versions in editions.items():
        paths.append(out / f"gankit-{edition}.zip")
        pages = [folder.parent / "docs" / page for page in _PAGES[edition]]
        pages += [folder / "README.md"] if edition == "teachers" else []
        copied = {page.name: page for page in (wheels[-1], *pages) if page.exists()}
        copied |= {
            f"reports/{p.name}": p for p in sorted(folder.glob("reports/*.ipynb"))
        }
        held = {name: path.read_bytes() for name, path in copied.items()}
        for name, notebook in versions.items():
            text = json.dumps(notebook, indent=1, ensure_ascii=False)
            held[f"{name}.ipynb"] = f"{text}\n"
        held |= {"marking_key.md": f"{key}\n"} if edition == "teachers" else {}
        with zipfile.ZipFile(paths[-1], "w") as archive:
            for name, content in held.items():
                info = zipfile.ZipInfo(name, time.localtime()[:6])
                # Otherwise only the owner may read what is unpacked.
                info.external_attr = 0o644 << 16
                archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return paths
