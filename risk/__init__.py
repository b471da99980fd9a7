"""Limits, margin, circuit breakers, metrics and stress tests."""
