"""A comparison as one HTML file: no network, no script, nothing but what is in it."""
