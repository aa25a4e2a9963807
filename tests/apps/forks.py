"""Starts a process of its own in every worker, which leaves the session and stays."""

import subprocess
import sys

CHILD = "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(3600)"

child = subprocess.Popen([sys.executable, "-S", "-c", CHILD], stdout=subprocess.PIPE, start_new_session=True)
child.stdout.readline()


def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"hi"]
