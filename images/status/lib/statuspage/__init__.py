"""The status page: what Prometheus, Alertmanager and Patroni say, on one page that only reads."""
