"""Our own conformance resources, generated from the declarations that run.

https://hl7.org/fhir/R4/conformance-module.html
"""
