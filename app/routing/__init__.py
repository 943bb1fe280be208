"""Reads on replicas, writes on the leader, for any Django project. How to use it: README.md."""
