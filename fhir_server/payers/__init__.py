"""Asking a payer whether somebody is insured: an interface, and one way over HTTPS that is off unless it is set."""

from fhir_server.payers.connector import PayerConnector, PayerFailure, Question, Reply
from fhir_server.payers.https import HttpsPayer, payer_of

__all__ = ["HttpsPayer", "PayerConnector", "PayerFailure", "Question", "Reply", "payer_of"]
