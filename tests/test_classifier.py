"""Classifiers: how good, how reproducible, and how they are saved."""

import random

import keras
import numpy as np
import pytest

from gankit.datasets import ImageData, Split, digits, mnist, stripes
from gankit.metrics.classifiers import training as classifier_training
from gankit.metrics.classifiers.classifier import Classifier
from gankit.metrics.classifiers.training import classifier_for, train_classifier


@pytest.fixture(scope="module")
def data():
    return digits(size=28)


@pytest.fixture(scope="module")
def classifier(data):
    return train_classifier(data)


@pytest.fixture
def tiny(images, monkeypatch):
    """Labelled images (64, 8, 8, 1) of two classes, all for a short training."""
    monkeypatch.setattr(classifier_training, "MINIMUM_STEPS", 20)
    return ImageData(Split(images, np.arange(64) % 2), name="tiny: left/right")


def test_it_is_as_good_as_it_says(data, classifier):
    assert classifier.test_accuracy > 0.95
    assert (classifier.test_n, classifier.tested_on) == (250, "test images")
    classes, probabilities = classifier.predict(
        data.test.images, value_range=(0, 255), batch_size=99
    )
    assert np.mean(classes == data.test.labels) == classifier.test_accuracy
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(probabilities.argmax(axis=1), classes)
    # Images of another range are the same images.
    logits = classifier.predict_logits(data.test.images[:9], value_range=(0, 255))
    scaled = data.test.images[:9] / 127.5 - 1
    np.testing.assert_allclose(
        classifier.predict_logits(scaled, value_range=(-1, 1)), logits, rtol=1e-5
    )
    np.testing.assert_allclose(
        np.exp(logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))),
        probabilities[:9],
        rtol=1e-3,
        atol=1e-6,
    )


def test_logits_are_a_linear_function_of_the_features(data, classifier):
    extractor = classifier.extractor
    images = data.test.images[:64]
    features = extractor(images, value_range=(0, 255))
    assert features.shape == (64, extractor.dimension)
    assert features.min() >= 0
    kernel, bias = classifier.model.get_layer("logits").get_weights()
    np.testing.assert_allclose(
        features @ kernel + bias, extractor.logits(images), rtol=1e-4, atol=1e-4
    )
    percent = f"{100 * classifier.test_accuracy:.1f} %"
    assert extractor.name == (
        f"classifier-digits-28, {percent} on 250 test images, "
        f"weights {classifier.weights_hash}"
    )
    assert extractor.frechet_name == "FCD-digits-28"
    assert extractor.kernel_name == "KCD-digits-28"
    assert (extractor.channels, extractor.resize) == (1, None)
    with pytest.raises(ValueError, match="28 x 28 pixels.* received 8 x 8: resize"):
        extractor(np.zeros((2, 8, 8, 1), "uint8"), value_range=(0, 255))
    with pytest.raises(ValueError, match="grey images"):
        extractor(np.zeros((2, 28, 28, 3), "uint8"), value_range=(0, 255))


def test_a_training_is_reproducible_and_leaves_no_trace(data, classifier):
    keras.config.set_dtype_policy("mixed_bfloat16")
    expected, _ = _draws_after(lambda: None)
    found, again = _draws_after(lambda: train_classifier(data))
    assert found == expected
    # In spite of the policy: the weights of the first training, bit for bit.
    assert again.weights_hash == classifier.weights_hash
    assert again.model.compute_dtype == "float32"


def _draws_after(act):
    """What a training in progress draws after an interruption, and what that gave."""
    keras.utils.set_random_seed(7)
    result = act()
    layer = keras.layers.Dense(3)
    layer.build((None, 2))
    return (
        random.random(),
        np.random.random(),
        keras.ops.convert_to_numpy(keras.random.uniform((2,))).tolist(),
        keras.ops.convert_to_numpy(layer.kernel).tolist(),
        keras.config.dtype_policy().name,
    ), result


def test_another_seed_gives_another_classifier(tiny):
    one, other = (train_classifier(tiny, seed=seed) for seed in (0, 1))
    assert one.weights_hash != other.weights_hash
    # There is no test set: the tenth that was held back.
    assert (one.test_n, one.tested_on) == (7, "training images held back")
    assert one.test_accuracy == 1


def test_it_is_trained_once_and_saved(tiny, tmp_path, capsys):
    trained = classifier_for(tiny, folder=tmp_path)
    (file,) = (tmp_path / "classifiers").iterdir()
    assert file.name.startswith("tiny-left-right-")
    assert f"saved in {file}" in capsys.readouterr().err
    loaded = classifier_for(tiny, folder=tmp_path)
    assert capsys.readouterr().err == ""
    assert loaded.name == trained.name
    assert loaded.class_names == ("0", "1")
    assert loaded.data_fingerprint == tiny.fingerprint
    images = tiny.train.images
    for method in ("extractor", "predict_logits"):
        one, other = (
            getattr(c, method)(images, value_range=(0, 255)) for c in (trained, loaded)
        )
        np.testing.assert_array_equal(one, other)
    # A training in progress may look for it too.
    keras.config.set_dtype_policy("mixed_bfloat16")
    expected, _ = _draws_after(lambda: None)
    found, loaded = _draws_after(lambda: Classifier.load(file))
    assert found == expected
    assert loaded.model.compute_dtype == "float32"


def test_where_nothing_can_be_saved_it_is_trained_with_a_warning(tiny, tmp_path):
    (tmp_path / "classifiers").write_text("in the way")
    with pytest.warns(UserWarning, match="cannot be saved in .*another data folder"):
        assert classifier_for(tiny, folder=tmp_path).test_accuracy == 1


def test_damaged_files_get_a_sentence(classifier, tmp_path):
    path = tmp_path / "classifier.npz"
    classifier.save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="damaged .* delete it"):
        Classifier.load(path)
    path.write_bytes(b"no archive")
    with pytest.raises(ValueError, match="damaged .* delete it"):
        Classifier.load(path)
    path.write_bytes(whole)
    with path.open("rb") as file, np.load(file) as archive:
        arrays = dict(archive)
    arrays["arr_0"] = arrays["arr_0"] + 0.01
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=f"weights {classifier.weights_hash} in"):
        Classifier.load(path)


def test_data_without_classes_get_a_sentence(images, tmp_path):
    unlabelled = ImageData(Split(images), name="folder")
    with pytest.raises(ValueError, match="with labels .* received folder without"):
        train_classifier(unlabelled)
    with pytest.raises(ValueError, match="domain_classifier_for for two domains"):
        classifier_for(stripes(count=1, size=16), folder=tmp_path)
    one_class = ImageData(Split(images, np.zeros(64, int)))
    with pytest.raises(ValueError, match="two classes .* received 1 in images"):
        train_classifier(one_class)


@pytest.mark.data
@pytest.mark.tensorflow  # the weights are one file for all backends
def test_mnist_is_recognised():
    data = mnist()  # its classifier comes with gankit; training one takes two minutes
    classifier = classifier_for(data)
    found, _ = classifier.predict(data.test.images, value_range=(0, 255))
    accuracy = np.mean(found == data.test.labels)
    assert accuracy > 0.99 and accuracy == pytest.approx(
        classifier.test_accuracy, abs=1e-3
    )


def test_classifiers_of_the_saved_results_come_with_gankit(tmp_path):
    """Scores on another machine are comparable only if the network is the same."""
    classifier = classifier_for(digits(size=28), folder=tmp_path)
    assert not [*tmp_path.iterdir()]
    assert classifier.name.endswith("weights 39c20586")
