"""Writes a page for each student: points, and what is wrong in each answer."""

from html import escape

from gankit.course.exercises.cells import exercises, notebooks_in
from gankit.course.grading.marks import totals

_PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<style>td {{ padding: 0.3rem 1rem 0.3rem 0; vertical-align: top }}</style>
<h1>{title}</h1>
<table>
{rows}
</table>
"""


def save_feedback(folder, marks, notebooks):
    """Writes `<student>.html` for each student of a class.

    Args:
        folder: A `pathlib.Path`; it is created.
        marks: List of `Mark`.
        notebooks: Folder of the course's notebooks.
    """
    titles = {
        (name, exercise.number): f"{exercise.number}. {exercise.title}"
        for name, notebook in notebooks_in(notebooks).items()
        for exercise in exercises(notebook)
    }

    def row(mark):
        title = titles.get((mark.notebook, mark.exercise), "")
        cells = mark.notebook, title, str(mark.mark), mark.reason
        return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"

    folder.mkdir(parents=True, exist_ok=True)
    for total in totals(marks):
        rows = "\n".join(row(mark) for mark in marks if mark.student == total.student)
        title = escape(f"{total.student}: {total.points} of {total.possible} points")
        page = _PAGE.format(title=title, rows=rows)
        (folder / f"{total.student}.html").write_text(page, encoding="utf-8")
