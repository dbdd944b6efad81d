"""`hf`: language models over tokens, loaded by transformers, read byte by byte."""
