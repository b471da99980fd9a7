"""A simulated trading day over real quotes: `day.simulate()`. Load for benchmarks and for fault tests."""
