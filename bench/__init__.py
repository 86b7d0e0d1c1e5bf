"""Measurements of the server on the machine at hand; README.md says how to run them."""
