"""Instruments, orders, fills, positions and trades."""
