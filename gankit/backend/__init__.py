"""The only folder that knows a backend: device, gradients, prediction.

Everything else is written with `keras.ops` and `keras.random` and runs on TensorFlow,
PyTorch and JAX alike. Two readers of TensorFlow's own formats are the exceptions:
`gankit.datasets.tensorflow_batches` and `gankit.metrics.inception.frozen_graph`.
"""
