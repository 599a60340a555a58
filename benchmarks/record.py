"""Saves measurements in `results/`, with the machine and versions behind them.

`docs/build_pages.py` makes the tables of `docs/speed.md` and `docs/scores.md` of these
files.
"""

import datetime
import importlib.metadata
import os
import statistics
import sys
from pathlib import Path

RESULTS = Path(__file__).parents[1] / "results"
PACKAGES = ("keras", "tensorflow", "torch", "pytorch-fid", "numpy", "scipy")
OURS = "gankit"


def comparison(title, unit, contenders):
    """What several contenders took, round by round.

    Args:
        title: What was measured, in words.
        unit: What the numbers are, such as `"steps per second"`. Numbers of a unit that
            begins with "seconds" are better if they are lower.
        contenders: Dict from pairs of package and precision to a list of numbers, one
            for each round.

    Returns:
        Dict for `save`. Where gankit has the same precision, a contender's entry says
        how many times as fast gankit is: the median of the rounds' ratios.
    """
    rows = []
    for (package, precision), values in contenders.items():
        row = {"contender": package, "precision": precision, **spread(values)}
        ours = contenders.get((OURS, precision))
        if package != OURS and ours:
            ratios = [o / v for o, v in zip(ours, values, strict=True)]
            if unit.startswith("seconds"):
                ratios = [1 / ratio for ratio in ratios]
            row["gankit is times as fast"] = spread(ratios)
        rows.append(row)
    rounds = len(next(iter(contenders.values())))
    return {"title": title, "unit": unit, "rounds": rounds, "contenders": rows}


def spread(values):
    """Median, lowest and highest of some numbers, to four digits."""
    found = {"median": statistics.median(values), "low": min(values)}
    return {k: float(f"{v:.4g}") for k, v in (found | {"high": max(values)}).items()}


def save(name, entry):
    """Writes `results/NAME.json`.

    Args:
        name: Such as `"speed/dcgan"`.
        entry: What was measured, a dict.
    """
    # Last, as the first import of a backend takes threads and memory.
    from gankit.backend import device
    from gankit.experiments.running.record import commit
    from gankit.files import write_json

    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    entry |= {
        "device": device.name(),
        "cores": os.cpu_count(),
        "versions": versions,
        "commit": commit(),
        "measured": f"{datetime.date.today()} by benchmarks/{Path(sys.argv[0]).name}",
    }
    path = RESULTS / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, entry)
    print(f"results/{name}.json")


def save_table(name, rows):
    """Writes `results/NAME/table.csv`.

    Args:
        name: Such as `"sharpness"`.
        rows: List of dicts with the same keys.

    Returns:
        The folder, for pictures beside the table.
    """
    from gankit.files import append_table, atomic

    folder = RESULTS / name
    folder.mkdir(parents=True, exist_ok=True)
    with atomic(folder / "table.csv") as temporary:
        append_table(temporary, list(rows[0]), rows)
    print(f"results/{name}/table.csv")
    return folder


def text(row):
    """A line of a comparison, to print."""
    line = f"{row['contender']}, {row['precision']}"
    line = f"  {line:24} {row['median']:8.4g} ({row['low']:.4g} to {row['high']:.4g})"
    ratio = row.get("gankit is times as fast")
    if ratio is None:
        return line
    return (
        f"{line:54} gankit is {ratio['median']:.2f} times as fast "
        f"({ratio['low']:.2f} to {ratio['high']:.2f})"
    )
