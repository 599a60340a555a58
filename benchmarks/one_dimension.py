"""Trains the GANs of figures 1 and 2 of the IISc report, in one dimension.

    python benchmarks/one_dimension.py

It writes results/toys/one-dimension/table.csv: a row for each seed, with the share of
2,000 samples in each bin. The columns are the centres of the bins. Rows of the panel
"data" hold the data themselves.
"""

import numpy as np
import record

from gankit.backend import device
from gankit.course.toys import targets, train

EDGES = np.linspace(-5, 5, 61)
SAMPLES = 2000


def shares(points):
    """Share of points in each bin, by the centre of the bin; outer ones are clipped."""
    counts, _ = np.histogram(np.clip(points, EDGES[0], EDGES[-1]), EDGES)
    centres = (EDGES[1:] + EDGES[:-1]) / 2
    return {f"{x:.4g}": n / len(points) for x, n in zip(centres, counts, strict=True)}


def rows(figure, panel, steps, samples):
    for seed, points in enumerate(samples):
        yield {
            "figure": figure,
            "panel": panel,
            "seed": seed,
            "steps": steps,
            **shares(points[:, 0]),
        }


def perfect_discriminator(target, seeds, steps):
    """Figure 1: the discriminator is trained alone first, then both are."""
    for name, loss in (("saturating", "minimax"), ("non-saturating", "non_saturating")):
        options = {"generator_rate": 0.0, "learning_rate": 2e-3, "records": 2}
        record = train(target, loss, steps=steps, seeds=seeds, **options)
        yield from rows(1, f"{name}, before", 0, record.samples(0, SAMPLES))
        record.game.generator_optimizer.learning_rate = 1e-3
        released = record.game.fit_and_record(steps, records=2)
        yield from rows(1, f"{name}, after", steps, released.samples(n=SAMPLES))


def much_trained_generator(target, seeds, updates):
    """Figure 2: as many updates of the generator, with few and many of the other."""
    for name, often in (("10 G to 1 D", 10), ("1 G to 1 D", 1)):
        options = {"generator_steps": often, "records": 2, "seeds": seeds}
        record = train(target, steps=updates // often, **options)
        yield from rows(2, name, updates, record.samples(n=SAMPLES))


def main():
    device.setup(precision="float32")
    single, uniforms = targets.gaussian(), targets.two_uniforms()
    table = [
        *rows(1, "data", 0, [single.sample(SAMPLES, 99)]),
        *perfect_discriminator(single, range(5), 400),
        *rows(2, "data", 0, [uniforms.sample(SAMPLES, 99)]),
        *much_trained_generator(uniforms, range(20), 2000),
    ]
    record.save_table("toys/one-dimension", table)


if __name__ == "__main__":
    main()
