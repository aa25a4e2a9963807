"""Waits for something at its import."""

import time


def wait_for_the_database():
    time.sleep(3600)


wait_for_the_database()
