"""The built-in compressors, one file each; `compgen.registry` knows their names."""
