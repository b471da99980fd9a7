"""Providers, quotes, routing, exposure and client profiles."""
