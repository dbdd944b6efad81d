"""Media: files and the bytes that a compressor sees in them, both ways."""
