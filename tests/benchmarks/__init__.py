"""Benchmarks: what detection costs, as ratios against what a user would use instead, all in one run."""
