"""What a reader must know beside the numbers: in what the runs were not alike.

The functions yield sentences.
"""

# Seconds that differ by less count as equal.
TOLERANCE = 0.1
# What should be the same for all runs that are compared.
CONDITIONS = (
    "device",
    "devices",
    "backend",
    "precision",
    "threads",
    "data",
    "batch_size",
    "versions",
    "commit",
)


def read_before(trained):
    """How many of the runs were read, not trained."""
    flags = [read for runs in trained for _, _, read in runs]
    if any(flags):
        yield (
            f"{sum(flags)} of {len(flags)} runs were there before and are read; their "
            "seconds were measured then."
        )


def unequal_budgets(a, b):
    """In what two sides differ that each run spent."""
    for what in ("steps", "generator_updates", "discriminator_updates"):
        ours, theirs = getattr(a, what), getattr(b, what)
        if ours != theirs:
            yield (
                f"Unequal {what.replace('_', ' ')}: {a.name} {ours:,}, "
                f"{b.name} {theirs:,}."
            )
    shorter, longer = sorted((a.mean_seconds, b.mean_seconds))
    if longer > (1 + TOLERANCE) * shorter:
        yield (
            f"Unequal seconds of training, by over {100 * TOLERANCE:.0f} %: {a.name} "
            f"{a.mean_seconds:,.1f}, {b.name} {b.mean_seconds:,.1f}."
        )


def unfinished(sides, experiments, size):
    """Which sides took another number of steps than their budget."""
    for side, experiment in zip(sides, experiments, strict=True):
        budget = experiment.budgets[size].steps
        if side.steps != budget:
            yield (
                f"{side.name} took {side.steps:,} steps; its budget in size {size} is "
                f"{budget:,}."
            )


def conditions(trained):
    """What the runs of one side were made under: for each condition, all there are."""
    found = {key: [] for key in CONDITIONS}
    for _, scores, _ in trained:
        versions = [f"{key} {value}" for key, value in scores["versions"].items()]
        data = f"{scores['data']} ({scores['data_fingerprint'][:8]})"
        words = {**scores, "versions": ", ".join(versions), "data": data}
        for key, values in found.items():
            values.append(str(words[key]))
    return {key: sorted(set(values)) for key, values in found.items()}


def unequal_conditions(sides, trained):
    """Which conditions are not the same for all runs."""
    of_a, of_b = (conditions(runs) for runs in trained)
    for key in CONDITIONS:
        if len({*of_a[key], *of_b[key]}) > 1:
            told = "; ".join(
                f"{side.name}: {' and '.join(values[key])}"
                for side, values in zip(sides, (of_a, of_b), strict=True)
            )
            yield f"Unequal {key.replace('_', ' ')}: {told}."


def chance(rows):
    """How many intervals would exclude 0 by chance."""
    intervals = sum(row.low is not None for row in rows)
    if intervals > 1:
        yield (
            f"Of {intervals} intervals at 95 %, {intervals / 20:.1f} would exclude 0 "
            "by chance if nothing differed."
        )
