"""Trains a patient and saves what a diagnosis needs."""

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
# The order gives no hint.
PATIENTS = {
    "patient-1": "latent",
    "patient-2": "labels",
    "patient-3": "rate",
    "patient-4": "augmentation",
    "patient-5": "frozen",
    "patient-6": "optimizer",
    "patient-7": "range",
    "patient-8": "flag",
    "patient-9": "epsilon",
}


@dataclass(frozen=True)
class Case:
    """A trained patient.

    Attributes:
        fault: Name of its fault, a key of `FAULTS`.
        folder: Where `samples.png`, `losses.png` and `history.csv` are.
        findings: The doctor's list of `Finding`; the first is the diagnosis.
    """

    fault: str
    folder: Path
    findings: list[Finding]


def train(name, *, seed=0, folder=None):
    """Trains a GAN with a planted fault on scikit-learn's handwritten digits.

    Args:
        name: A patient, `"patient-1"` to `"patient-9"`, or a key of `FAULTS`.
        seed: Seed of the training.
        folder: Folder for the pictures; `None` is `runs/clinic/NAME`.

    Returns:
        The `Case`. If training breaks down, it holds the results up to that point.

    Raises:
        ValueError: If there is no such patient or fault.
        RuntimeError: If another process works in the folder.
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
    # The findings are the key, so the doctor does not print them.
    doctor = TrainingDoctor(images, say=lambda sentence: None)
    log = folder / "history.csv"
    folder.mkdir(parents=True, exist_ok=True)
    with files.only_process(folder), callbacks.Progress(STEPS) as progress:
        log.unlink(missing_ok=True)
        observers = [
            doctor,
            callbacks.HistoryLog(log),
            callbacks.SampleGrid(folder / "samples", at=FRAMES, count=16, columns=4),
            progress,
        ]
        # The findings include what stopped the training.
        with contextlib.suppress(TrainingStopped):
            gan.fit(
                datasets.Batches(images, batch_size=BATCH_SIZE, seed=seed),
                steps_per_epoch=EPOCH_STEPS,
                epochs=STEPS // EPOCH_STEPS,
                verbose=0,
                callbacks=observers,
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
