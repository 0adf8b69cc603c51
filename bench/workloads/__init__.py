"""The workloads: a file is a family."""
