"""TensorFlow data sets of batches that let `fit()` end without delay."""

import itertools


def without_autotuning(batches):
    """Makes a TensorFlow data set of batches, with autotuning switched off.

    Keras leaves autotuning on. A thread then checks the data set after 10 ms, and again
    after twice the time, up to once a minute. After its last step, `fit()` often waits
    for the next check (observed with TensorFlow 2.21): 3 seconds of training may take
    5.1, and an hour one minute more. Prefetching two batches needs no tuning.

    Args:
        batches: Endless `Batches`.

    Returns:
        A `tf.data.Dataset` of the same batches; on other backends, `batches` itself.
    """
    from keras import backend

    if backend.backend() != "tensorflow":
        return batches
    import tensorflow as tf

    def batch(index):
        arrays = batches[index]
        return arrays if isinstance(arrays, tuple) else (arrays,)

    return _without_tuning(
        tf.data.Dataset.from_generator(
            lambda: map(batch, itertools.count()),
            output_signature=tuple(
                # As in Keras, the batch size is unknown. With a known size, TensorFlow
                # computes a step differently, and the last digits change.
                tf.TensorSpec((None, *array.shape[1:]), array.dtype)
                for array in batch(0)
            ),
        ).prefetch(2)
    )


def repeat_batch(batch):
    """Makes an endless TensorFlow data set that repeats one batch.

    Args:
        batch: An array.

    Returns:
        A `tf.data.Dataset` with autotuning switched off.
    """
    import tensorflow as tf

    return _without_tuning(tf.data.Dataset.from_tensors((batch,)).repeat())


def _without_tuning(dataset):
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)
