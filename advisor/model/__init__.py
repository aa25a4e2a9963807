"""Predicts throughput, latency and memory of a configuration from what one request costs. Pure arithmetic."""
