"""Data sets for TensorFlow that end at once, and outputs without a data set."""

import itertools

import keras
import numpy as np
import pytest

from gankit.backend.prediction import predict
from gankit.course.toys import targets, train
from gankit.datasets import Batches


@pytest.mark.tensorflow
@pytest.mark.parametrize("kind", ["images", "labelled", "unpaired"])
def test_the_batches_are_those_of_the_class(images, kind):
    labels = np.arange(len(images)) % 3 if kind == "labelled" else None
    source = (images, images[:50, ::-1]) if kind == "unpaired" else images
    batches = Batches(source, labels, batch_size=24, seed=2, start_step=3)
    found = batches.for_fit()
    assert not found.options().autotune.enabled
    for index, arrays in enumerate(itertools.islice(found, 6)):
        expected = batches[index]
        expected = expected if isinstance(expected, tuple) else (expected,)
        assert len(arrays) == len(expected)
        for array, same in zip(arrays, expected, strict=True):
            np.testing.assert_array_equal(array, same)


@pytest.mark.tensorflow
def test_trainers_use_them(make_gan, images, monkeypatch):
    given = []
    fit = keras.Model.fit
    monkeypatch.setattr(
        keras.Model, "fit", lambda self, x, **k: (given.append(x), fit(self, x, **k))
    )
    batches = Batches(images, batch_size=8, seed=0)
    make_gan().fit(batches, steps_per_epoch=1, verbose=0)
    train(targets.gaussian(), seeds=range(1), steps=1, records=1)
    # When such a training would end otherwise is a matter of luck.
    assert [x.options().autotune.enabled for x in given] == [False, False]


@pytest.mark.parametrize("n", [3, 8, 20])
def test_outputs_are_those_of_keras(n):
    random = np.random.default_rng(n)
    a, b = (random.standard_normal((n, size), "float32") for size in (3, 5))
    inputs = [keras.Input((3,)), keras.Input((5,))]
    outputs = keras.layers.Dense(4, "tanh")(keras.layers.Concatenate()(inputs))
    network = keras.Model(inputs, outputs)
    expected = network.predict([a, b], batch_size=8, verbose=0)
    found = predict(network, [a, b], batch_size=8)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)
    network = keras.Model(inputs[0], keras.layers.Dense(4)(inputs[0]))
    np.testing.assert_allclose(
        predict(network, a, batch_size=8),
        network.predict(a, batch_size=8, verbose=0),
        rtol=1e-6,
        atol=1e-7,
    )
