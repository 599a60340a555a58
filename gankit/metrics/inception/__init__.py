"""The FID network: its layers, its weights and the files that hold them."""
