"""The benchmark runner: each benchmark interleaved with its baseline, in one run, on a cluster of its own."""
