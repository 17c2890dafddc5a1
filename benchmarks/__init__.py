"""Benchmarks: python -m benchmarks [speed|quality]."""
