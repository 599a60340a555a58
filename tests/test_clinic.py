"""The clinic: the doctor names each planted fault, and nothing in healthy games."""

import contextlib

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

from gankit.callbacks.doctor import TrainingDoctor, TrainingStopped
from gankit.course import clinic
from gankit.course.clinic import cases
from gankit.course.clinic.faults import LATENT_DIM, healthy
from gankit.datasets import Batches

pytestmark = pytest.mark.tensorflow

SHAPE = (8, 8, 1)
EPOCH = 25


def networks():
    """Both players, with batch normalisation, small enough for seconds."""
    latent, image = keras.Input((LATENT_DIM,)), keras.Input(SHAPE)
    x = layers.Dense(4 * 4 * 16, use_bias=False)(latent)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.UpSampling2D()(layers.Reshape((4, 4, 16))(x))
    x = layers.Conv2D(1, 3, padding="same", activation="tanh")(x)
    y = layers.Conv2D(16, 3, strides=2, padding="same", use_bias=False)(image)
    y = layers.LeakyReLU(negative_slope=0.2)(layers.BatchNormalization()(y))
    y = layers.Dense(1)(layers.Flatten()(y))
    return keras.Model(latent, x), keras.Model(image, y)


@pytest.fixture
def images():
    """Squares of random size, place and grey."""
    rng = np.random.default_rng(0)
    drawn = np.zeros((128, *SHAPE), "uint8")
    for image in drawn:
        top, left = rng.integers(0, 4, 2)
        height, width = rng.integers(2, 5, 2)
        image[top : top + height, left : left + width] = rng.integers(128, 256)
    return drawn


def diagnosed(gan, images, steps):
    """The kinds of what the doctor finds."""
    gan.compile(
        gan.generator_optimizer, gan.discriminator_optimizer, steps_per_execution=EPOCH
    )
    doctor = TrainingDoctor(images, say=lambda sentence: None)
    batches = Batches(images, batch_size=16, seed=0)
    epochs = {"steps_per_epoch": EPOCH, "epochs": steps // EPOCH}
    with contextlib.suppress(TrainingStopped):
        gan.fit(batches, verbose=0, callbacks=[doctor], **epochs)
    return [finding.kind for finding in doctor.findings]


@pytest.mark.parametrize("name", clinic.FAULTS)
def test_the_first_finding_is_the_fault(images, name):
    keras.utils.set_random_seed(0)
    fault = clinic.FAULTS[name]
    steps = 350 if name in ("labels", "epsilon") else EPOCH
    gan = fault.build(SHAPE, networks())
    assert diagnosed(gan, images, steps)[:1] == [fault.kind]
    if name == "frozen":  # its optimizer counts nothing, yet training continues
        assert gan.steps_done == steps


@pytest.mark.parametrize("seed", [0, 1])
def test_the_patient_without_a_fault_is_healthy(images, seed):
    keras.utils.set_random_seed(seed)
    assert diagnosed(healthy(SHAPE, networks()), images, 400) == []


def test_every_fault_is_one_patient():
    assert sorted(clinic.PATIENTS.values()) == sorted(clinic.FAULTS)


def test_a_case_leaves_what_a_diagnosis_needs(monkeypatch, tmp_path):
    monkeypatch.setattr(cases, "STEPS", 4)
    monkeypatch.setattr(cases, "EPOCH_STEPS", 2)
    monkeypatch.setattr(cases, "FRAMES", (0, 2, 4))
    case = clinic.train("patient-1", folder=tmp_path)
    assert case.fault == clinic.PATIENTS["patient-1"] == "latent"
    assert [finding.kind for finding in case.findings] == ["latent"]
    with Image.open(tmp_path / "samples.png") as picture:
        assert picture.width > 3 * 4 * 28
    assert (tmp_path / "losses.png").exists()
    assert len((tmp_path / "history.csv").read_text().splitlines()) == 3


def test_nobody_else_is_a_patient():
    with pytest.raises(ValueError, match="received 'patient-0': choose one of these"):
        clinic.train("patient-0")
