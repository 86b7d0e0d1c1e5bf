"""The HTTP front: pure functions for each part of the protocol, one WSGI application, and the Flask pages around it."""
