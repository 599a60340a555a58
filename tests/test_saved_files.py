"""Saved models load in a new process that imports gankit and nothing else of it."""

import importlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

import gankit
from gankit.constraints import WeightClipping
from gankit.experiments.separate_updates import (
    SeparateUpdatesConditionalGAN,
    SeparateUpdatesGAN,
)
from gankit.layers import (
    AdaptiveAugmentation,
    ConditionalBatchNormalization,
    DifferentiableAugmentation,
    SelfAttention2D,
)
from gankit.layers import SpectralNormalization as Normalised
from gankit.losses import R1, R2, GradientPenalty
from gankit.networks import cgan, cyclegan, mlp
from gankit.trainers import (
    GAN,
    AugmentedGAN,
    ConditionalGAN,
    ConstantThenLinearDecay,
    CycleGAN,
)

ROOT = Path(__file__).parents[1]
SHAPE = (8, 8, 1)
LOAD = """
import json, sys
{imports}
import numpy as np
sums = {{}}
for name in json.load(sys.stdin):
    model = keras.saving.load_model(name)
    sums[name] = [float(np.abs(w).sum()) for w in model.get_weights()]
print(json.dumps(sums))
"""


def _layers():
    """A network of the layers that no trainer below has."""
    image, label = keras.Input((8, 8, 8)), keras.Input((), dtype="int32")
    x = SelfAttention2D()(DifferentiableAugmentation("color")(image))
    x = AdaptiveAugmentation("color")(x)
    x = ConditionalBatchNormalization(3)([x, label])
    x = Normalised(layers.Conv2D(2, 3, use_bias=False))(x)
    x = layers.Dense(2, kernel_constraint=WeightClipping(0.1))(x)
    return keras.Model([image, label], x)


def _conditional(kind):
    form = {"image_shape": SHAPE, "num_classes": 3, "conditioning": "concatenation"}
    networks = (
        cgan.generator((4,), (2,), latent_dim=4, **form),
        cgan.discriminator((4,), (2,), **form),
    )
    return kind(*networks, latent_dim=4, num_classes=3)


def _plain(kind, **options):
    networks = mlp.generator(SHAPE, 4, (8,)), mlp.discriminator(SHAPE, (8,))
    return kind(*networks, latent_dim=4, **options)


def _cycle():
    size = {"image_shape": (16, 16, 3)}
    return CycleGAN(
        cyclegan.generator(**size, width=2, blocks=1, name="g_ab"),
        cyclegan.generator(**size, width=2, blocks=1, name="g_ba"),
        cyclegan.patch_discriminator(
            **size, filters=(2, 2), strides=(2, 1), name="d_a"
        ),
        cyclegan.patch_discriminator(
            **size, filters=(2, 2), strides=(2, 1), name="d_b"
        ),
    )


MODELS = {
    "layers": _layers,
    "gan": lambda: _plain(GAN, penalties=(GradientPenalty(), R1(1.0), R2(1.0))),
    "augmented": lambda: _plain(AugmentedGAN, preprocessing="color"),
    "separate": lambda: _plain(SeparateUpdatesGAN),
    "conditional": lambda: _conditional(ConditionalGAN),
    "conditional-separate": lambda: _conditional(SeparateUpdatesConditionalGAN),
    "cycle": _cycle,
}


def _classes():
    """Every class of gankit that Keras can save, by its name in the files."""
    for path in (ROOT / "gankit").rglob("*.py"):
        if (
            "register_keras_serializable" in path.read_text()
            and path.stem != "__init__"
        ):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            importlib.import_module(name)
    registry = keras.saving.get_custom_objects()
    return {name: kind for name, kind in registry.items() if name.startswith("gankit>")}


def test_the_classes_that_a_file_may_hold_are_listed():
    assert {f"gankit>{path.rpartition('.')[2]}" for path in gankit._SAVED_CLASSES} == {
        name for name, kind in _classes().items() if isinstance(kind, type)
    }


@pytest.mark.parametrize("imports", ["import keras, gankit", "import gankit, keras"])
def test_every_class_loads_after_import_gankit(tmp_path, imports):
    expected, held = {}, ""
    for name, build in MODELS.items():
        model, path = build(), tmp_path / f"{name}.keras"
        if hasattr(model, "discriminators"):
            rate = ConstantThenLinearDecay(1e-3, constant_steps=2, decay_steps=2)
            model.compile(*(keras.optimizers.Adam(rate) for _ in range(2)))
        model.save(path)
        held += zipfile.ZipFile(path).read("config.json").decode()
        expected[str(path)] = [float(np.abs(w).sum()) for w in model.get_weights()]
    # CycleGAN makes its pools itself: a configuration never holds one.
    for name in _classes().keys() - {"gankit>ImagePool"}:
        assert f'"{name}"' in held, f"no file of this test holds {name}"
    finished = subprocess.run(
        [sys.executable, "-c", LOAD.format(imports=imports)],
        input=json.dumps(list(expected)),
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr[-2000:]
    loaded = json.loads(finished.stdout)
    assert loaded.keys() == expected.keys()
    for path, sums in expected.items():
        np.testing.assert_allclose(loaded[path], sums, rtol=1e-6, err_msg=path)
