"""Classifiers trained on a data set: networks, training, files and scores."""
