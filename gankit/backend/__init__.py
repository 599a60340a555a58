"""Everything that depends on the Keras backend: device, gradients, prediction.

The rest of gankit uses `keras.ops` and `keras.random` and runs on TensorFlow, PyTorch
and JAX alike. The two exceptions read TensorFlow's own formats:
`gankit.datasets.tensorflow_batches` and `gankit.metrics.inception.frozen_graph`.
"""
