"""Finds the best configuration of an app by measuring few of many, and confirms it on fresh runs."""
