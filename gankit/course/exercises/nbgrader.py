"""Marks the exercises of a notebook for nbgrader, which some schools grade with."""

import ast

from gankit.course.exercises.dependencies import parse


def nbgrader_edition(edition, found):
    """Turns a students' edition into what `nbgrader generate_assignment` reads.

    The cell for the answer holds a solution, which nbgrader removes. The check's cell
    is worth a point. Its last line is an `assert`, which nbgrader hides from students.
    The cell tagged `solution` is left out.

    Args:
        edition: What `student_edition` returned; its cells are changed.
        found: List of the `Exercise`s of the complete notebook.

    Returns:
        The edition. Cells of exercises have nbgrader's metadata, version 3 of their
        schema.
    """
    cells = edition["cells"]
    for exercise in reversed(found):
        at, check = exercise.position, parse(exercise.check)[-1].value
        solution = parse(exercise.solution)
        (right,) = [node.test for node in solution if isinstance(node, ast.Assert)]
        lines = [ast.unparse(n) for n in solution if not isinstance(n, ast.Assert)]
        for name, answer in zip(check.args, right.args, strict=True):
            lines.append(f"{ast.unparse(name)} = {ast.unparse(answer)}")
        answer = _region("SOLUTION", exercise.placeholder, "\n\n\n".join(lines))
        test = _region("HIDDEN TESTS", exercise.check, f"assert {ast.unparse(check)}")
        worth = {"grade": True, "locked": True, "points": 1}
        _mark(cells[at], f"answer-{exercise.number}", answer, solution=True)
        _mark(cells[at + 1], f"check-{exercise.number}", test, **worth)
        del cells[at + 2]
    return edition


def _region(kind, visible, removed):
    return f"{visible}\n### BEGIN {kind}\n{removed}\n### END {kind}"


def _mark(cell, name, text, **role):
    roles = {"grade": False, "locked": False, "solution": False, "task": False} | role
    cell["source"], cell["outputs"], cell["execution_count"] = text, [], None
    cell["metadata"]["nbgrader"] = {"schema_version": 3, "grade_id": name, **roles}
