"""Batches for TensorFlow, handed over so that `fit()` ends when it is done."""

import itertools


def without_autotuning(batches):
    """Makes a data set of TensorFlow that does not tune itself.

    Keras would let it. A thread then looks at the data set after 10 ms, and again after
    twice as long each time, up to a minute; and `fit()`, when its last step is done,
    often waits for the next look (seen with TensorFlow 2.21). So 3 seconds of training
    may take 5.1, and an hour a minute more. Two batches made ahead need no tuning.

    Args:
        batches: Endless `Batches`.

    Returns:
        A `tf.data.Dataset` of the same batches; on other backends `batches` itself.
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
                # The size of a batch is open, as with Keras: if it were known, a step
                # would be computed in another way, with other last digits.
                tf.TensorSpec((None, *array.shape[1:]), array.dtype)
                for array in batch(0)
            ),
        ).prefetch(2)
    )


def repeated(batch):
    """Makes a data set of one batch without end, of TensorFlow, for steps that count.

    Args:
        batch: An array.

    Returns:
        A `tf.data.Dataset`, which does not tune itself either.
    """
    import tensorflow as tf

    return _without_tuning(tf.data.Dataset.from_tensors((batch,)).repeat())


def _without_tuning(dataset):
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)
