"""What a reader must know beside the numbers of a report; functions yield sentences."""

from gankit.course.report_kit.summary import comparable, sides
from gankit.experiments.running.comparing import conditions as under

# More names than these are told as "all" or "the others".
FEW = 4


def cautions(rows):
    """All sentences about the rows of a report.

    Args:
        rows: List of `gankit.course.report_kit.Row`.
    """
    yield from few_seeds(rows)
    yield from not_compared(rows)
    yield from unequal_steps(rows)
    yield from below_budget(rows)
    yield from unequal_conditions(rows)
    yield from of_the_scores(rows)


def few_seeds(rows):
    """Which rows have one seed or two."""
    scored = [row for row in rows if row.values]
    one = [row.title for row in scored if len(row.values) == 1]
    two = [row.title for row in scored if len(row.values) == 2]
    if one:
        listed = "all" if len(one) == len(scored) > FEW else _listed(one)
        yield (
            f"One seed: {listed}. Another seed may give another result, and an "
            "interval over pictures says nothing of it."
        )
    if two:
        yield (
            f"Two seeds: {_listed(two)}. With one degree of freedom Student's interval "
            "reaches 12.7 standard errors to each side."
        )


def not_compared(rows):
    """Which scores are of other features, numbers of images or data."""
    sets = comparable(rows)
    if len(sets) > 1:
        told = [
            f"{_measured(group[0])} ({_listed(row.title for row in group)})"
            for group in sets
        ]
        yield f"These scores are not comparable with each other: {'; '.join(told)}."


def unequal_steps(rows):
    """Where scores are side by side after unequal steps."""
    for group in comparable(rows):
        if len({row.runs[0].steps for row in group}) > 1:
            names = {}
            for row in group:
                names.setdefault(row.runs[0].steps, []).append(row.title)
            ordered = sorted(names.items(), key=lambda item: len(item[1]))
            told = [f"{steps:,} of {_listed(rest)}" for steps, rest in ordered]
            if len(ordered[-1][1]) > FEW:
                told[-1] = f"{ordered[-1][0]:,} of the others"
            yield f"Unequal steps: {'; '.join(told)}."


def below_budget(rows):
    """Which runs were scored before the end of their budget."""
    short = [
        f"{row.title} {row.runs[0].of_budget}"
        for row in rows
        if row.values and row.runs[0].steps < (row.runs[0].budget or 0)
    ]
    if short:
        yield f"Scored before the end of the budget: {_listed(short)} steps."


def unequal_conditions(rows):
    """Which conditions are not the same for all runs that are compared."""
    for group in comparable(rows):
        runs = [run for row in group for run in row.runs]
        found = under.conditions([(run.folder, run.scores, True) for run in runs])
        for key, values in found.items():
            if len(values) > 1:
                yield f"Unequal {key.replace('_', ' ')}: {' and '.join(values)}."


def of_the_scores(rows):
    """What the scores themselves say, and which have no real-against-real line."""
    said = {}
    for row in rows:
        if row.measure is not None:
            for warning in row.runs[0].final[row.measure.name].warnings:
                said.setdefault(f"{row.measure.name}: {warning}.", None)
    yield from said
    bare = [row.title for row in rows if row.values and row.baseline is None]
    if bare:
        yield f"What real images score is not recorded: {_listed(bare)}."


def _measured(row):
    return f"{row.measure.name}, n {sides(row.measure) or 'not recorded'}"


def _listed(texts):
    return ", ".join(dict.fromkeys(texts))
