"""Benchmarks: each prints one JSON line a figure; nothing in `tests/` is timed."""
