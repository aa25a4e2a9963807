"""Text in, configuration out, without executing anyone's code: gunicorn.conf.py and wherever command lines live."""
