"""`neural`: models that learn, on torch; checkpoints are read without it."""
