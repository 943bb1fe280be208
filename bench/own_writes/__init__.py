"""The parts of bench/routing."""
