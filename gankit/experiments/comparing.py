"""A fair comparison of two experiments: equal budgets, paired seeds, said differences.

`compare` trains both, or reads the runs that are there; `plot` draws what it found and
`save` keeps both.
"""

import dataclasses
import json
import math
import textwrap
import time
from pathlib import Path

import keras
import numpy as np

from gankit import datasets, device, history
from gankit.experiments import registry
from gankit.experiments.publishing import runs_of
from gankit.experiments.runner import run, run_folder
from gankit.metrics.resampling import mean_interval
from gankit.plotting import Picture

MATCHES = ("steps", "updates", "compute")
FOLDER = Path("runs") / "compare"
# Seconds that differ by less count as equal.
TOLERANCE = 0.1
# Steps are timed in turns, this often, for about so many seconds.
TURNS = 5
TURN_SECONDS = 1.0
PANELS = 6
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


@dataclasses.dataclass(frozen=True)
class Measure:
    """What was measured; numbers are compared where all of it is equal.

    Attributes: as those of `gankit.metrics.Score`.
    """

    name: str
    extractor: str | None = None
    resize: str | None = None
    n_real: int | None = None
    n_fake: int | None = None

    def __str__(self):
        return self.name + (f" ({self.extractor})" if self.extractor else "")


@dataclasses.dataclass(frozen=True)
class Row:
    """One score of both experiments.

    Attributes:
        measure: The `Measure`.
        values_a: Values of the first experiment by seed.
        values_b: Values of the second.
        mean: Mean of the differences, second minus first.
        low: Lower end of its 95 % interval, `None` with one seed.
        high: Upper end.
    """

    measure: Measure
    values_a: tuple[float, ...]
    values_b: tuple[float, ...]
    mean: float
    low: float | None
    high: float | None

    @property
    def excludes_zero(self):
        """Whether 0 lies outside the interval; `None` with one seed."""
        return None if self.low is None else bool(self.low > 0 or self.high < 0)


@dataclasses.dataclass(frozen=True)
class Side:
    """What one experiment was given.

    Attributes:
        name: Name of the experiment.
        steps: Steps of the game in each run.
        generator_updates: Updates of the generator in each run.
        discriminator_updates: Updates of the discriminator in each run.
        seconds: Seconds of training by seed.
        device: What it was trained on.
        folders: Folders of the runs by seed.
    """

    name: str
    steps: int
    generator_updates: int
    discriminator_updates: int
    seconds: tuple[float, ...]
    device: str
    folders: tuple[str, ...]

    @property
    def mean_seconds(self):
        """Seconds of training in a run, mean over the seeds."""
        return float(np.mean(self.seconds))


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Two experiments beside each other.

    Attributes:
        a: The first `Side`.
        b: The second.
        size: Size of the experiments.
        seeds: Number of seeds, from 0.
        match: What was made equal: steps, updates or compute.
        rows: A `Row` for each score that both have.
        refused: Pairs: a score that was not compared, and why.
        notes: Sentences that a reader must know beside the numbers.
        folder: Where `save` writes.
    """

    a: Side
    b: Side
    size: str
    seeds: int
    match: str
    rows: tuple[Row, ...]
    refused: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    folder: Path

    @property
    def title(self):
        """One line that says what is compared and how."""
        seeds = "one seed" if self.seeds == 1 else f"{self.seeds} seeds"
        matched = {
            "steps": "equal steps",
            "updates": "equal updates of the generator",
            "compute": "equal seconds of training",
        }[self.match]
        return f"{self.a.name} and {self.b.name}: {self.size}, {seeds}, {matched}"


def compare(a, b, *, seeds=3, match="steps", size="class", steps=None, data=None):
    """Compares two experiments at equal budgets, seed by seed.

    Runs that are there at the right step, published or local, are read; the others
    are trained in turns. A run that must end elsewhere than at its size's budget goes
    to a folder of its own under `runs/compare/`.

    Args:
        a: Name of the first experiment.
        b: Name of the second.
        seeds: How many seeds, from 0.
        match: What is equal: `"steps"` of the game, `"updates"` of the generator, or
            `"compute"`, the seconds of training. For the last, steps of both are timed
            in turns and the seconds kept in the folder of the comparison, so that a
            repeated call finds its runs.
        size: `"smoke"`, `"class"` or `"full"`.
        steps: The most steps either may take; `None` takes the budgets of the size.
            The experiment whose budget is spent first decides how much both get.
        data: Folder of the data sets; `None` looks where `gankit.datasets` does.

    Returns:
        The `Comparison`.

    Raises:
        ValueError: If an argument is of another kind than stated here, updates cannot
            be made equal, or a run is not at the step it should be at; and as
            `gankit.experiments.run`.
    """
    _check(a, b, seeds, match, size, steps)
    experiments = [registry.find(name) for name in (a, b)]
    images = [experiment.data(size, data) for experiment in experiments]
    models = [e.build(i) for e, i in zip(experiments, images, strict=True)]
    limits = [steps or e.budgets[size].steps for e in experiments]
    until = f"-to{steps}" if steps else ""
    pair = f"{a}-vs-{b}".replace("/", "-")
    folder = FOLDER / f"{pair}@{size}-{match}{until}"

    notes, seconds = [], None
    if match == "compute":
        seconds, note = _step_seconds(experiments, images, models, limits, folder)
        notes.append(note)
    generator_steps = [model.generator_steps for model in models]
    discriminator_steps = [model.discriminator_steps for model in models]
    games = [_game(model) for model in models]
    del models  # or they would share the memory with those that are trained
    planned = matched_steps(match, limits, generator_steps, seconds)
    trained = _runs(experiments, size, seeds, planned, data)
    sides = [
        _side(*each)
        for each in zip(
            planned, generator_steps, discriminator_steps, trained, strict=True
        )
    ]
    rows, refused = _rows(sides, trained, games)
    notes += [
        *_read_before(trained),
        *_unequal_budgets(*sides),
        *_unfinished(sides, experiments, size),
        *_unequal_conditions(sides, trained),
        *_chance(rows),
    ]
    return Comparison(
        *sides, size, seeds, match, tuple(rows), tuple(refused), tuple(notes), folder
    )


def paired_differences(values_a, values_b):
    """Mean of the differences of pairs, with its 95 % interval.

    The interval is that of Student's t test for paired samples; see
    `gankit.metrics.resampling.mean_interval`.

    Args:
        values_a: Array `(n,)`.
        values_b: Array `(n,)`; value i is of the same seed as value i of `values_a`.

    Returns:
        Mean of `values_b - values_a`, and the ends of the interval, both `None` where
        n is 1.

    Raises:
        ValueError: If the arrays differ in length or are empty.

    References:
        Student 1908, "The probable error of a mean", Biometrika 6(1).
    """
    if len(values_a) != len(values_b) or not len(values_a):
        raise ValueError(
            "Expected pairs, at least one, received "
            f"{len(values_a)} and {len(values_b)} values: give both for the same seeds."
        )
    return mean_interval(np.subtract(values_b, values_a, dtype="float64"))


def matched_steps(match, limits, generator_steps, step_seconds=None):
    """Steps that two experiments get so that both spend the same.

    Args:
        match: `"steps"`, `"updates"` or `"compute"`.
        limits: The most steps of each.
        generator_steps: Updates of the generator in a step, of each.
        step_seconds: Seconds of a step, of each, for `"compute"`.

    Returns:
        Steps of each, a pair.

    Raises:
        ValueError: If no number of steps within the limits makes the updates equal.
    """
    if match == "steps":
        return (min(limits),) * 2
    if match == "compute":
        budget = min(np.multiply(limits, step_seconds))
        # `max`: where one step alone costs more, the seconds come out unequal.
        return tuple(max(1, round(budget / seconds)) for seconds in step_seconds)
    # Only multiples can be reached by whole steps of both.
    together = math.lcm(*generator_steps)
    updates = min(np.multiply(limits, generator_steps)) // together * together
    if not updates:
        raise ValueError(
            f"Expected {together} updates of the generator to fit, received at most "
            f"{limits[0]} and {limits[1]} steps: allow more steps."
        )
    return tuple(int(updates // each) for each in generator_steps)


def plot(comparison):
    """Draws the scores of a comparison: a dot for each run, a line for each seed.

    At most six scores are drawn, those of features first: what a player's own network
    says is less comparable.

    Args:
        comparison: A `Comparison` with at least one row.

    Returns:
        The `gankit.plotting.Picture`.

    Raises:
        ValueError: If the comparison has no rows.
    """
    if not comparison.rows:
        raise ValueError(
            f"Expected a score that {comparison.a.name} and {comparison.b.name} share, "
            "received none: see the comparison's refused for the reasons."
        )
    # Sorting is stable: within both kinds the order stays.
    rows = sorted(comparison.rows, key=lambda row: row.measure.extractor is None)
    rows = rows[:PANELS]
    columns = min(3, len(rows))
    lines = math.ceil(len(rows) / columns)
    width = max(7.0, 3.6 * columns)
    figure = Picture(figsize=(width, 3.3 * lines + 1.9), layout="constrained")
    panels = figure.subplots(lines, columns, squeeze=False).flatten()
    for axes, row in zip(panels, rows, strict=False):
        _panel(axes, row)
    for axes in panels[len(rows) :]:
        axes.axis("off")
    count = len(comparison.rows)
    shown = f"{len(rows)} of {count} scores; " if count > len(rows) else ""
    names, how = comparison.title.split(": ")
    figure.suptitle(
        f"{textwrap.fill(names, int(width * 9))}\n{how}\n"
        f"{shown}a line joins the runs of a seed",
        fontsize=12,
    )
    handles = [panels[0].lines[-2], panels[0].lines[-1]]
    labels = [
        f"{letter}: {side.name}\n{side.steps:,} steps, {side.generator_updates:,} "
        f"updates of the generator, {side.discriminator_updates:,} of the "
        f"discriminator, {side.mean_seconds:,.1f} s"
        for letter, side in (("A", comparison.a), ("B", comparison.b))
    ]
    figure.legend(handles, labels, loc="outside lower left", fontsize=10, frameon=False)
    return figure


def save(comparison):
    """Writes a comparison as `comparison-N-seeds.json`, and its picture as `.png`.

    Args:
        comparison: A `Comparison`.

    Returns:
        The paths that were written; without a row there is no picture.
    """
    seeds = f"{comparison.seeds}-seeds" if comparison.seeds > 1 else "one-seed"
    path = comparison.folder / f"comparison-{seeds}.json"
    content = dataclasses.asdict(comparison)
    for row, written in zip(comparison.rows, content["rows"], strict=True):
        written["excludes_zero"] = row.excludes_zero
    _write_json(path, {**content, "folder": str(comparison.folder)})
    if not comparison.rows:
        return [path]
    picture = path.with_suffix(".png")
    plot(comparison).savefig(picture, dpi=120)
    return [path, picture]


def _check(a, b, seeds, match, size, steps):
    for name, value, choices in (
        ("match", match, MATCHES),
        ("size", size, registry.SIZES),
    ):
        if value not in choices:
            raise ValueError(
                f"Expected {name} to be one of {', '.join(choices)}, received "
                f"{value!r}: choose one of these."
            )
    for name, value in (("seeds", seeds), ("steps", steps)):
        if value is not None and value < 1:
            raise ValueError(
                f"Expected {name} to be at least 1, received {value}: pass a whole "
                "number from 1."
            )
    if a == b:
        raise ValueError(
            f"Expected two experiments, received {a} twice: name another one."
        )


def _step_seconds(experiments, images, models, limits, folder):
    """Seconds of a step of each, timed now or read, and a sentence that says so."""
    path = folder / "timing.json"
    conditions = {
        "device": device.name(),
        "devices": device.count(),
        "threads": device.threads(),
        "backend": keras.backend.backend(),
        "precision": keras.config.dtype_policy().name,
    }
    known = json.loads(path.read_text()) if path.exists() else {}
    how = f"read from {path}, which may be removed to time anew"
    if {key: known.get(key) for key in conditions} != conditions:
        seconds = _timed(experiments, images, models, limits)
        known = {**conditions, "seconds_of_a_step": seconds}
        _write_json(path, known)
        how = f"timed {TURNS} times in turns just before training"
    seconds = known["seconds_of_a_step"]
    of_each = ", ".join(
        f"{experiment.name} {1000 * value:.3g} ms"
        for experiment, value in zip(experiments, seconds, strict=True)
    )
    return seconds, f"A step took, on {conditions['device']}: {of_each}; {how}."


def _timed(experiments, images, models, limits):
    def play(side, steps):
        batch_size = experiments[side].batch_size * models[side].discriminator_steps
        batches = datasets.Batches(
            images[side].train.images, batch_size=batch_size, seed=0
        )
        begin = time.perf_counter()
        models[side].fit(batches, steps_per_epoch=steps, verbose=0)
        return time.perf_counter() - begin

    print("Timing steps of both ...")
    turn = [1, 1]
    for side, limit in enumerate(limits):
        play(side, 1)  # compiles
        while turn[side] < limit and play(side, turn[side]) < TURN_SECONDS:
            turn[side] *= 2
    # In turns, so that both see the same load of the machine.
    taken = [[play(0, turn[0]), play(1, turn[1])] for _ in range(TURNS)]
    return (np.median(taken, axis=0) / turn).tolist()


def _runs(experiments, size, seeds, planned, data):
    """The runs of both by seed: folders, scores, and whether they were read."""
    trained = ([], [])
    for number in range(2 * seeds):
        # In turns: a machine that gets slower does so for both.
        seed, side = divmod(number, 2)
        name, steps = experiments[side].name, planned[side]
        print(
            f"Run {number + 1} of {2 * seeds}: {name}, seed {seed}, {steps:,} steps",
            end="",
        )
        found = _present(name, size, seed, steps)
        read = found is not None
        if read:
            print(f", read from {found[0]}.")
        else:
            budget = experiments[side].budgets[size].steps
            found = _train(name, size, seed, steps, budget, data)
        trained[side].append((*found, read))
    return trained


def _present(name, size, seed, steps):
    """Folder and scores of a run that ended at `steps`; `None` where there is none."""
    own = _own_folder(name, size, seed, steps)
    runs = runs_of(name)
    if (own / "scores.json").exists():
        runs.append((own, json.loads((own / "scores.json").read_text())))
    wanted = {"name": name, "size": size, "seed": seed, "steps": steps}
    for folder, scores in runs:
        if {key: scores.get(key) for key in wanted} == wanted:
            return folder, scores
    return None


def _train(name, size, seed, steps, budget, data):
    usual = run_folder(name, size, seed)
    reached = history.read(usual / "history.csv").get("step", [0])[-1]
    own = steps != budget or reached > steps
    folder = _own_folder(name, size, seed, steps) if own else usual
    print(f", into {folder}:", flush=True)
    scores = run(name, size=size, seed=seed, steps=steps, data=data, out=folder).scores
    if scores["steps"] != steps:
        raise ValueError(
            f"Expected a run of {steps:,} steps in {folder}, received one of "
            f"{scores['steps']:,}: move that folder away."
        )
    return folder, scores


def _own_folder(name, size, seed, steps):
    return FOLDER / f"{name}@{size}-seed{seed}-steps{steps}"


def _side(steps, generator_steps, discriminator_steps, trained):
    return Side(
        name=trained[0][1]["name"],
        steps=steps,
        generator_updates=steps * generator_steps,
        discriminator_updates=steps * discriminator_steps,
        seconds=tuple(scores["seconds"] for _, scores, _ in trained),
        device=" and ".join(_conditions(trained)["device"]),
        folders=tuple(str(folder) for folder, _, _ in trained),
    )


def _game(model):
    """What the logged losses of a model are, in words."""
    loss = model.adversarial_loss
    label = getattr(model, "real_label", 1.0)
    smoothing = "" if label == 1.0 else f", real labels {label}"
    return {
        "d_loss": loss.formula + smoothing,
        "g_loss": loss.generator.__name__.replace("_", " "),
    }


def _rows(sides, trained, games):
    """Rows of what both have, and pairs of a score and why it was refused."""
    values = [
        [{_measure(s): s["value"] for s in scores["scores"]} for _, scores, _ in runs]
        for runs in trained
    ]
    everywhere = [run for runs in values for run in runs]
    measures = list(dict.fromkeys(m for run in everywhere for m in run))
    shared = [m for m in measures if all(m in run for run in everywhere)]
    rows, refused = [], []
    for measure in shared:
        pair = [tuple(run[measure] for run in runs) for runs in values]
        formulas = [game.get(measure.name) for game in games]
        if formulas[0] != formulas[1]:
            reason = "; ".join(
                f"{side.name}: {formula}"
                for side, formula in zip(sides, formulas, strict=True)
            )
            refused.append((str(measure), reason))
        elif not np.isfinite(pair).all():
            refused.append((str(measure), "NaN or infinite for some seed"))
        else:
            rows.append(Row(measure, *pair, *paired_differences(*pair)))
    left = [measure for measure in measures if measure not in shared]
    for name in dict.fromkeys(measure.name for measure in left):
        of_name = [
            [m for m in left if m.name == name and any(m in run for run in runs)]
            for runs in values
        ]
        label = name if len({*sum(of_name, [])}) > 1 else str(sum(of_name, [])[0])
        refused.append((label, _reason(sides, of_name)))
    return rows, refused


def _measure(score):
    return Measure(**{f.name: score.get(f.name) for f in dataclasses.fields(Measure)})


def _reason(sides, measures):
    """Why measures of one name, a list of each side's, were not compared."""
    for side, other in ((0, 1), (1, 0)):
        if not measures[other]:
            return f"only {sides[side].name} has it"
    fields = [
        field.name
        for field in dataclasses.fields(Measure)
        if len({getattr(m, field.name) for m in sum(measures, [])}) > 1
    ]
    if not fields:
        return "not every seed has it"
    return "; ".join(
        f"{side.name}: "
        + " and ".join(
            ", ".join(f"{field} {getattr(m, field)}" for field in fields)
            for m in of_side
        )
        for side, of_side in zip(sides, measures, strict=True)
    )


def _unequal_budgets(a, b):
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


def _unfinished(sides, experiments, size):
    for side, experiment in zip(sides, experiments, strict=True):
        budget = experiment.budgets[size].steps
        if side.steps != budget:
            yield (
                f"{side.name} took {side.steps:,} steps; its budget in size {size} is "
                f"{budget:,}."
            )


def _read_before(trained):
    flags = [read for runs in trained for _, _, read in runs]
    if any(flags):
        yield (
            f"{sum(flags)} of {len(flags)} runs were there before and are read; their "
            "seconds were measured then."
        )


def _conditions(trained):
    """What the runs of one side were made under: for each condition, all there are."""
    found = {key: [] for key in CONDITIONS}
    for _, scores, _ in trained:
        versions = [f"{key} {value}" for key, value in scores["versions"].items()]
        data = f"{scores['data']} ({scores['data_fingerprint'][:8]})"
        words = {**scores, "versions": ", ".join(versions), "data": data}
        for key, values in found.items():
            values.append(str(words[key]))
    return {key: sorted(set(values)) for key, values in found.items()}


def _unequal_conditions(sides, trained):
    of_a, of_b = (_conditions(runs) for runs in trained)
    for key in CONDITIONS:
        if len({*of_a[key], *of_b[key]}) > 1:
            told = "; ".join(
                f"{side.name}: {' and '.join(values[key])}"
                for side, values in zip(sides, (of_a, of_b), strict=True)
            )
            yield f"Unequal {key.replace('_', ' ')}: {told}."


def _chance(rows):
    intervals = sum(row.low is not None for row in rows)
    if intervals > 1:
        yield (
            f"Of {intervals} intervals at 95 %, {intervals / 20:.1f} would exclude 0 "
            "by chance if nothing differed."
        )


def _panel(axes, row):
    for of_a, of_b in zip(row.values_a, row.values_b, strict=True):
        axes.plot((0, 1), (of_a, of_b), color="0.6", linewidth=1.2, zorder=1)
    for place, values, colour in (
        (0, row.values_a, "tab:blue"),
        (1, row.values_b, "tab:orange"),
    ):
        axes.plot(
            [place] * len(values), values, "o", color=colour, markersize=8, alpha=0.85
        )
    axes.set_xlim(-0.4, 1.4)
    axes.set_xticks((0, 1), ("A", "B"), fontsize=11)
    unit = " (nats)" if "entropy" in row.measure.name else ""
    axes.set_ylabel(textwrap.fill(f"{row.measure}{unit}", 26), fontsize=10)
    interval = (
        "one seed" if row.low is None else f"95 %: {row.low:+.3g} to {row.high:+.3g}"
    )
    excluded = " (0 is excluded)" if row.excludes_zero else ""
    axes.set_title(f"B − A = {row.mean:+.3g}{excluded}\n{interval}", fontsize=10)
    axes.grid(axis="y", alpha=0.3)


def _write_json(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n")
