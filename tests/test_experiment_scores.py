"""Scores that most experiments share, and the pictures of their stages."""

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image
from sklearn.metrics import log_loss, roc_auc_score

import gankit
from gankit import datasets, plotting
from gankit.experiments import data as experiment_data
from gankit.experiments.scoring import adversarial as scoring


@pytest.fixture
def images():
    """Bright real images, dark held-out ones, so that means tell them apart."""
    rng = np.random.default_rng(0)

    def split(low, high):
        grey = rng.integers(low, high, (150, 4, 4, 1), dtype="uint8")
        return datasets.Split(grey)

    return datasets.ImageData(split(90, 250), test=split(60, 200))


def _gan(loss="non_saturating", batch_norm=False):
    """A discriminator whose logit is the mean of the image."""
    inputs = keras.Input((4, 4, 1))
    x = layers.BatchNormalization()(inputs) if batch_norm else inputs
    logits = layers.Dense(
        1, kernel_initializer=keras.initializers.Constant(1 / 16), dtype="float32"
    )(layers.Flatten()(x))
    discriminator = keras.Model(inputs, logits)
    latent = keras.Input((3,))
    generator = keras.Model(
        latent, layers.Reshape((4, 4, 1))(layers.Dense(16, activation="tanh")(latent))
    )
    return gankit.GAN(generator, discriminator, loss=loss, latent_dim=3)


def test_the_discriminators_scores_are_scikit_learns(images):
    fake = np.random.default_rng(1).integers(0, 180, (130, 4, 4, 1), dtype="uint8")
    scores = {s.name: s for s in scoring.discriminator_scores(_gan(), images, fake)}

    def logits(x):
        return (x / 127.5 - 1).mean(axis=(1, 2, 3))

    for what, split in (("training", images.train), ("held-out", images.test)):
        truth = np.repeat([1, 0], [len(split), len(fake)])
        both = np.concatenate([logits(split.images), logits(fake)])
        auc = scores[f"discriminator AUC, {what} images"]
        assert auc.value == pytest.approx(roc_auc_score(truth, both), abs=2e-4)
        assert (auc.n_real, auc.n_fake) == (150, 130)
        probability = 1 / (1 + np.exp(-logits(split.images)))
        assert scores[
            f"discriminator cross-entropy, {what} images"
        ].value == pytest.approx(
            log_loss(np.ones(150), probability, labels=[0, 1]), rel=1e-3
        )
    accuracy = scores["discriminator accuracy, generated images"]
    assert accuracy.value == np.mean(logits(fake) < 0) and accuracy.n_fake == 130


def test_a_critic_has_an_auc_and_no_accuracy(images):
    scores = scoring.discriminator_scores(
        _gan("wasserstein"), images, images.train.images
    )
    assert [s.name for s in scores] == [
        "discriminator AUC, training images",
        "discriminator AUC, held-out images",
    ]
    # Images cannot be told from themselves.
    assert scores[0].value == pytest.approx(0.5)


def test_the_discriminator_uses_batch_statistics_and_is_left_alone(images):
    gan = _gan(batch_norm=True)
    before = gan.get_weights()
    scores = scoring.discriminator_scores(gan, images, images.test.images)
    # With its own statistics every batch has mean 0. With the moving ones, still at
    # their initial values, the mean of the images would tell them apart.
    assert scores[0].value == pytest.approx(0.5, abs=0.1)
    for one, other in zip(before, gan.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_stages_stand_side_by_side_in_their_order(tmp_path):
    frames = tmp_path / "frames"
    frames.mkdir()
    for step in (0, 10, 30):
        grey = np.full((4, 8, 8, 1), 5 * step, "uint8")
        plotting.save_grid(frames / f"step-{step:06d}.png", grey)
    target = tmp_path / "stages.png"
    assert plotting.save_stages(target, frames, [7, 9, 30, 50]) == [10, 30]
    with Image.open(target) as picture:
        row = np.asarray(picture.convert("L"))[28 + 5]
    assert set(row) == {50, 150, 255}
    assert list(row).index(50) < list(row).index(150)
    assert plotting.save_stages(tmp_path / "none.png", frames, [40]) == []
    assert not (tmp_path / "none.png").exists()


@pytest.mark.data
def test_fruit_holds_out_the_last_of_either_kind():
    folder = datasets.data_folder()
    data = experiment_data.fruit("full", folder)
    apples = datasets.unpaired_folders("apple2orange", size=64).train_a
    assert data.class_names == ("apple", "orange") and data.image_shape == (64, 64, 3)
    assert len(data.test) == 2 * experiment_data.HELD_OUT
    held_out = data.test.images[data.test.labels == 0]
    expected = apples[-experiment_data.HELD_OUT :]
    assert {a.tobytes() for a in held_out} == {a.tobytes() for a in expected}
    # Mixed: neither the first nor the second half is of one kind.
    assert 0.3 < data.test.labels[:200].mean() < 0.7
    np.testing.assert_array_equal(np.bincount(data.test.labels), [200, 200])


def test_missing_churches_get_a_sentence(tmp_path):
    with pytest.raises(FileNotFoundError, match="church_outdoor, which does not exist"):
        experiment_data.church("full", tmp_path)
    # Drawn animals stand in for them only where nobody named a folder.
    with pytest.raises(FileNotFoundError, match="church_outdoor, which does not exist"):
        experiment_data.church("class", tmp_path)
    assert experiment_data.church("class", None).name == "stripes-64"
