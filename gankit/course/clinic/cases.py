"""Trains a patient, and keeps what a diagnosis needs."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from keras.utils import set_random_seed

from gankit import callbacks, datasets, files, plotting
from gankit.callbacks.doctor import Finding, TrainingDoctor, TrainingStopped
from gankit.course.clinic.faults import FAULTS

FOLDER = Path("runs") / "clinic"
STEPS = 400
EPOCH_STEPS = 25
BATCH_SIZE = 64
FRAMES = (0, 25, 100, 200, 400)
# In an order that tells nothing.
PATIENTS = dict(
    zip(
        (f"patient-{i}" for i in range(1, 9)),
        (
            *("latent", "labels", "rate", "augmentation"),
            *("frozen", "optimizer", "range", "flag"),
        ),
        strict=True,
    )
)


@dataclass(frozen=True)
class Case:
    """A trained patient.

    Attributes:
        fault: Name of its fault, a key of `FAULTS`.
        folder: Where `samples.png`, `losses.png` and `history.csv` are.
        findings: List of the doctor's `Finding`; the first is the diagnosis.
    """

    fault: str
    folder: Path
    findings: list[Finding]


def treat(name, *, seed=0, folder=None):
    """Trains a GAN with a planted fault on scikit-learn's handwritten digits.

    Args:
        name: A patient, `"patient-1"` to `"patient-8"`, or a key of `FAULTS`.
        seed: Seed of the training.
        folder: Where the pictures go; `None` takes `runs/clinic/NAME`.

    Returns:
        The `Case`. A training that breaks down ends there, with what it left.

    Raises:
        ValueError: If there is no such patient or fault.
    """
    if name not in PATIENTS and name not in FAULTS:
        raise ValueError(
            f"Expected {', '.join([*PATIENTS, *FAULTS])}, received {name!r}: choose "
            "one of these."
        )
    fault = FAULTS[PATIENTS.get(name, name)]
    folder = FOLDER / name if folder is None else Path(folder)
    set_random_seed(seed)
    images = datasets.digits(size=28).train.images
    gan = fault.build(images.shape[1:])
    # What it finds is the key, and not for those who are to find it.
    doctor = TrainingDoctor(images, say=lambda sentence: None)
    log = folder / "history.csv"
    log.unlink(missing_ok=True)
    with callbacks.Progress(STEPS) as progress:
        watchers = [
            doctor,
            callbacks.HistoryLog(log),
            callbacks.SampleGrid(folder / "samples", at=FRAMES, count=16, columns=4),
            progress,
        ]
        # What stops a training is among the findings.
        with contextlib.suppress(TrainingStopped):
            gan.fit(
                datasets.Batches(images, batch_size=BATCH_SIZE, seed=seed),
                steps_per_epoch=EPOCH_STEPS,
                epochs=STEPS // EPOCH_STEPS,
                verbose=0,
                callbacks=watchers,
            )
    _draw(gan, folder)
    return Case(PATIENTS.get(name, name), folder, doctor.findings)


def _draw(gan, folder):
    plotting.save_stages(folder / "samples.png", folder / "samples", FRAMES)
    log = files.read_history(folder / "history.csv")
    if log:
        curves = plotting.loss_curves(
            log, loss=gan.adversarial_loss, title=f"{folder.name}: losses", window=1
        )
        curves.savefig(folder / "losses.png")
