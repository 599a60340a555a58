"""How the experiments are scored."""
