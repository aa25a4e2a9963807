"""Throughput and latency of configurations: trials on real servers, what they show, and whether to believe it."""
