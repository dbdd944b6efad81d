"""Many runs of many compressors on many texts: what is run, where, and what is kept of it."""
