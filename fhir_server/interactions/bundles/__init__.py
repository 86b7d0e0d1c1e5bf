"""Batch and transaction as pure functions: entries read and checked, put in order, their links replaced.

https://hl7.org/fhir/R4/http.html#transaction
"""
