"""The public names: pointed to a site by octoDNS, and watched."""
