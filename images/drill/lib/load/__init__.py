"""The load of a drill: one thread, one event loop, every call with a deadline of its own."""
