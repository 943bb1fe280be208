"""How gunicorn serves the shop. Facts come from HOLDFAST_ variables (environment.py)."""

import os

from prometheus_client import multiprocess

from shop_site import environment

RUN_DIR = os.environ.get("HOLDFAST_RUN_DIR", "/run/app")
DRAIN_FILE = os.path.join(RUN_DIR, "draining")

wsgi_app = "shop_site.wsgi:application"
bind = "0.0.0.0:8000"
worker_class = "gthread"
workers = environment.number("HOLDFAST_WORKERS", 2, least=1)
threads = environment.number("HOLDFAST_THREADS", 8, least=1)
# A worker whose main loop is silent for so long is killed and replaced; requests that still run
# when the instance stops get the same time.
timeout = environment.number("HOLDFAST_WORKER_TIMEOUT_SECONDS", 30, least=1)
graceful_timeout = timeout
# Longer than the edge keeps an idle connection, so that the edge is the one to close it: the
# other way round, a request now and then meets a closing connection.
keepalive = 75
# One import for all workers: less memory, and a fault in the settings ends the process at once
# with its reason in the log.
preload_app = True
worker_tmp_dir = RUN_DIR  # the heartbeat files: on tmpfs, where no disk can hold them up
control_socket_disable = True
accesslog = None  # shop_site.requests logs each request
errorlog = "-"
loglevel = "warning"


def pre_request(worker, request):
    """While draining, each answer closes its connection: clients move on by themselves."""
    if os.path.exists(DRAIN_FILE):
        request.force_close()


def child_exit(server, worker):
    """The metrics of a worker that ended: its counters stay, its gauges go."""
    multiprocess.mark_process_dead(worker.pid)
