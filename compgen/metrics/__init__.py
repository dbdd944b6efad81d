"""How good is what was generated? One measure a file; no single one is enough (docs/metrics.md)."""
