"""Benchmarks: each workload is written once, against the torch API, and run with every peer in turn."""
