"""Parts of bench/sizes."""
