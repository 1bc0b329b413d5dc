"""Benchmarks: `python -m tests.bench [NAME...]` prints a table for each; ratios are taken within one run."""
