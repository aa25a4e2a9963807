"""Waits for ever, or computes for ever."""

import time


def ask_the_database():
    time.sleep(3600)


def compute():
    while True:
        pass


def app(environ, start_response):
    if environ["PATH_INFO"] == "/computes":
        compute()
    ask_the_database()
