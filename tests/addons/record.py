"""Records what TensorFlow Addons computes, for `test_addons_record.py`.

    make addons

runs it in the environment of `environment-addons.yml`, which cannot hold gankit, and
writes `record.npz` beside this file: inputs, outputs and versions. A second run on the
same machine writes the same bytes.
"""

from importlib.metadata import version
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_addons as tfa

RECORD = Path(__file__).with_name("record.npz")
PACKAGES = ("keras", "numpy", "tensorflow", "tensorflow-addons")


def main():
    tf.keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    conv2d = tf.keras.layers.Conv2D(5, 3, strides=2, padding="same")
    record = {
        "versions": np.array([f"{name}=={version(name)}" for name in PACKAGES]),
        **_prefixed("instance_normalization", _instance_normalization(rng)),
        **_prefixed(
            "spectral_normalization/dense",
            _spectral_normalization(rng, tf.keras.layers.Dense(4), (3, 6)),
        ),
        **_prefixed(
            "spectral_normalization/conv2d",
            _spectral_normalization(rng, conv2d, (2, 6, 6, 3)),
        ),
        **_prefixed("translate", _translate(rng)),
        **_prefixed("cutout", _cutout(rng)),
    }
    np.savez_compressed(RECORD, **record)
    kilobytes = RECORD.stat().st_size / 1000
    print(f"Wrote {RECORD.name}: {len(record)} arrays, {kilobytes:.0f} kB")


def _instance_normalization(rng):
    """The layer as it comes, with gain and bias, and as CycleGAN uses it."""
    # A small variance, beside which an epsilon of 1e-3 shows.
    images = _normal(rng, (2, 4, 6, 3), scale=0.05)
    default = tfa.layers.InstanceNormalization()
    default.build(images.shape)
    gain, bias = _normal(rng, (2, 3))
    default.set_weights([gain, bias])
    plain = tfa.layers.InstanceNormalization(epsilon=1e-5, center=False, scale=False)
    return {
        "images": images,
        "gain": gain,
        "bias": bias,
        "default": default(images),
        "plain": plain(images),
    }


def _spectral_normalization(rng, inner, shape):
    """Outputs, and u and kernel after them, of training steps without an optimizer."""
    inputs = _normal(rng, shape)
    layer = tfa.layers.SpectralNormalization(inner)
    layer.build(shape)
    kernel = _normal(rng, inner.kernel.shape)
    bias = _normal(rng, inner.bias.shape)
    vector_u = _normal(rng, layer.u.shape, scale=0.02)
    inner.set_weights([kernel, bias])
    layer.u.assign(vector_u)
    untrained = layer(inputs, training=False)
    # The last of them is past convergence.
    steps = (1, 2, 3, 5, 100)
    outputs, vectors_u, kernels = [], [], []
    for step in range(1, steps[-1] + 1):
        output = layer(inputs, training=True)
        if step in steps:
            outputs.append(output)
            vectors_u.append(layer.u.numpy())
            kernels.append(inner.kernel.numpy())
    return {
        "inputs": inputs,
        "kernel": kernel,
        "bias": bias,
        "vector_u": vector_u,
        "steps": steps,
        "outputs": outputs,
        "vector_u_after": vectors_u,
        "kernel_after": kernels,
        "inference_before": untrained,
        "inference_after": layer(inputs, training=False),
    }


def _translate(rng):
    """One image under every whole shift of up to an eighth of its sides."""
    images = _normal(rng, (1, 8, 16, 2))
    shifts = _grid(range(-1, 2), range(-2, 3))
    # Addons wants floats (dx, dy).
    arguments = (
        tf.repeat(images, len(shifts), axis=0),
        shifts[:, ::-1].astype("float32"),
    )
    return {
        "images": images,
        "shifts": shifts,
        "nearest": tfa.image.translate(*arguments, interpolation="nearest"),
        "bilinear": tfa.image.translate(*arguments, interpolation="bilinear"),
    }


def _cutout(rng):
    """One image with a rectangle cut out around every point, and around random ones."""
    images = _normal(rng, (1, 4, 8, 2))
    size = (2, 4)
    centres = _grid(range(5), range(9))
    repeated = tf.repeat(images, len(centres), axis=0)
    draws = tfa.image.random_cutout(tf.repeat(images, 1000, axis=0), size, seed=0)
    return {
        "images": images,
        "centres": centres,
        "cut": tfa.image.cutout(repeated, size, offset=centres),
        "random": np.unique(draws, axis=0),
    }


def _normal(rng, shape, scale=1.0):
    return rng.normal(0, scale, shape).astype("float32")


def _grid(rows, columns):
    """All pairs (row, column), as an array (n, 2)."""
    return np.array([(row, column) for row in rows for column in columns], "int32")


def _prefixed(prefix, arrays):
    return {f"{prefix}/{name}": np.array(array) for name, array in arrays.items()}


if __name__ == "__main__":
    main()
