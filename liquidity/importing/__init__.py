"""Loads files of market data.

`sources` reads lines, `formats` (or `simulation`) makes rows of them, `loader` stores the rows; `jobs` ties
the three together for a command.
"""
