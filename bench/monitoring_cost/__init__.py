"""Parts of bench/monitoring."""
