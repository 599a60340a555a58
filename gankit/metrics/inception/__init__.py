"""The network of FID: its layers, weights and files."""
