"""Times a CycleGAN whose generators share an encoder, against two whole generators.

    python benchmarks/shared_encoder.py

The networks are those of section 6.1 of the IISc report at a quarter of their width, so
that a processor can train them. The contenders take turns, round after round, so that a
noisy machine is noisy for all. It writes results/shared-encoder/: table.csv, with
passes, parameters and seconds, samples.png, the seconds, and machine.json.
"""

import time

import keras
import numpy as np
import record
from keras import layers, ops

import gankit
from gankit import datasets, plotting
from gankit.backend import device
from gankit.networks import cyclegan

# The report's layout has six residual blocks: three in an encoder, three in a decoder.
WIDTH, BLOCKS, SIDE, BATCH_SIZE = 16, 6, 64, 4
ROUNDS, STEPS = 11, 10


class Counted(layers.Layer):
    """Adds a number, so that no two pictures are equal, and counts its inputs."""

    def __init__(self, number):
        super().__init__(dtype="float32")
        self.number, self.seen = number, set()

    def compute_output_spec(self, x):
        return keras.KerasTensor(x.shape, "float32")

    def call(self, x):
        self.seen |= {image.tobytes() for image in ops.convert_to_numpy(x)}
        return x + self.number


def passes(shared, identity_weight):
    """Passes through encoders and decoders that a step of the generators needs.

    The same network on the same picture counts once, as its output can be kept.

    Args:
        shared: Whether both generators have one encoder.
        identity_weight: As in `gankit.CycleGAN`.

    Returns:
        Number of encodings and number of decodings.
    """
    encoders = [Counted(0.1)] * 2 if shared else [Counted(0.1), Counted(0.2)]
    decoders = [Counted(0.3), Counted(0.7)]
    picture = keras.Input((32, 32, 3), dtype="float32")
    generators = [
        keras.Model(picture, decode(encode(picture)), name=name)
        for encode, decode, name in zip(
            encoders, decoders, ("g_ab", "g_ba"), strict=True
        )
    ]
    patches = [cyclegan.patch22((32, 32, 3), 2, name=name) for name in ("d_a", "d_b")]
    gan = gankit.CycleGAN(*generators, *patches, identity_weight=identity_weight)
    for part in (*encoders, *decoders):
        part.seen.clear()
    gan.generator_loss([ops.full((1, 32, 32, 3), value) for value in (0.0, 0.5)])
    return tuple(
        sum(len(part.seen) for part in set(parts)) for parts in (encoders, decoders)
    )


def contenders():
    """Pairs of generators by name, and whether they share an encoder."""
    whole = [
        cyclegan.generator(width=WIDTH, blocks=BLOCKS, name=name)
        for name in ("g_ab", "g_ba")
    ]
    yield "two generators", whole, False
    for what, width in (
        ("one encoder", WIDTH),
        ("one encoder, half width", WIDTH // 2),
    ):
        yield what, cyclegan.fused_generators(width=width, blocks=BLOCKS // 2), True


def build(generators):
    shape = (SIDE, SIDE, 3)
    patches = [cyclegan.patch70(shape, WIDTH, name=name) for name in ("d_a", "d_b")]
    gan = gankit.CycleGAN(*generators, *patches, identity_weight=0.0)
    gan.compile(*(keras.optimizers.Adam(2e-4, 0.5) for _ in range(2)))
    return gan


def count_parameters(models):
    weights = {id(w): w for model in models for w in model.trainable_variables}
    return sum(int(np.prod(w.shape)) for w in weights.values())


def main():
    device.setup()
    data = datasets.stripes(size=SIDE)
    batches = datasets.Batches(
        (data.train_a, data.train_b), batch_size=BATCH_SIZE, seed=0
    )
    rows, gans, seconds = [], {}, {}
    for what, generators, shared in contenders():
        row = {"what": what, "parameters": count_parameters(generators)}
        for words, weight in (("", 0.0), (", identity loss", 5.0)):
            row[f"passes{words}"] = sum(passes(shared, weight))
        rows.append(row)
        gans[what], seconds[what] = build(generators), []
        gans[what].fit(batches, steps_per_epoch=STEPS, verbose=0)  # builds and settles
    for _ in range(ROUNDS):
        for what, gan in gans.items():
            start = time.perf_counter()
            gan.fit(batches, steps_per_epoch=STEPS, verbose=0)
            seconds[what].append((time.perf_counter() - start) / STEPS)
    first = np.array(seconds["two generators"])
    for row in rows:
        spread = record.spread(seconds[row["what"]])
        row |= {f"seconds, {key}": value for key, value in spread.items()}
        ratios = record.spread(first / seconds[row["what"]])
        row |= {f"times as fast, {key}": value for key, value in ratios.items()}
        print(row)
    folder = record.save_table("shared-encoder", rows)
    entry = {"rounds": ROUNDS, "steps in a round": STEPS, "batch size": BATCH_SIZE}
    record.save("shared-encoder/machine", entry)
    picture = plotting.Picture(figsize=(6.5, 2.4), layout="constrained")
    axes = picture.subplots()
    medians = np.array([row["seconds, median"] for row in rows])
    ends = [[row[f"seconds, {end}"] for row in rows] for end in ("low", "high")]
    axes.barh(list(seconds), medians, 0.6, xerr=np.abs(ends - medians), capsize=3)
    axes.set_xlabel("seconds a step, without identity loss: median and range of rounds")
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.3)
    (folder / "samples.png").write_bytes(picture.png())


if __name__ == "__main__":
    main()
