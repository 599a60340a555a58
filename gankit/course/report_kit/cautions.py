"""What readers must know about the numbers of a report, in sentences."""

from gankit.course.report_kit.summary import comparable_rows, image_counts
from gankit.experiments.running.measures import conditions

# Longer lists of experiments are shortened to "all" or "the others".
LONGEST_LIST = 4


def cautions(rows):
    """All sentences about the rows of a report.

    Args:
        rows: List of `gankit.course.report_kit.Row`.
    """
    yield from _few_seeds(rows)
    yield from _different_measures(rows)
    yield from _unequal_steps(rows)
    yield from _below_budget(rows)
    yield from _unequal_conditions(rows)
    yield from _score_warnings(rows)


def _few_seeds(rows):
    titles = {1: [], 2: []}
    scored = [row for row in rows if row.values]
    for row in scored:
        titles.setdefault(len(row.values), []).append(row.title)
    if titles[1]:
        every = len(titles[1]) == len(scored) > LONGEST_LIST
        yield (
            f"One seed: {'all' if every else _join(titles[1])}. Another seed may give "
            "another result, and an interval over images does not cover that."
        )
    if titles[2]:
        yield (
            f"Two seeds: {_join(titles[2])}. With one degree of freedom Student's "
            "interval extends 12.7 standard errors to each side."
        )


def _different_measures(rows):
    groups = comparable_rows(rows)
    if len(groups) > 1:
        texts = []
        for group in groups:
            measure = group[0].measure
            counts = image_counts(measure) or "not recorded"
            titles = _join(row.title for row in group)
            texts.append(f"{measure.name}, n {counts} ({titles})")
        yield f"These scores are not comparable with each other: {'; '.join(texts)}."


def _unequal_steps(rows):
    for group in comparable_rows(rows):
        titles = {}
        for row in group:
            titles.setdefault(row.steps, []).append(row.title)
        if len(titles) > 1:
            *rest, (steps, most) = sorted(titles.items(), key=lambda item: len(item[1]))
            last = "the others" if len(most) > LONGEST_LIST else _join(most)
            texts = [f"{n:,} for {_join(some)}" for n, some in rest]
            yield f"Unequal steps: {'; '.join([*texts, f'{steps:,} for {last}'])}."


def _below_budget(rows):
    short = [
        f"{row.title} {row.runs[0].progress}"
        for row in rows
        if row.values and row.steps < (row.runs[0].budget or 0)
    ]
    if short:
        yield f"Scored before the end of the budget: {_join(short)} steps."


def _unequal_conditions(rows):
    for group in comparable_rows(rows):
        runs = [(run.folder, run.scores) for row in group for run in row.runs]
        for key, values in conditions(runs).items():
            if len(values) > 1:
                yield f"Unequal {key.replace('_', ' ')}: {' and '.join(values)}."


def _score_warnings(rows):
    scores = [row.runs[0].final_scores[row.measure.name] for row in rows if row.measure]
    yield from dict.fromkeys(
        f"{score.name}: {warning}." for score in scores for warning in score.warnings
    )
    missing = [row.title for row in rows if row.values and row.baseline is None]
    if missing:
        yield f"No score of real images is recorded for: {_join(missing)}."


def _join(texts):
    return ", ".join(dict.fromkeys(texts))
