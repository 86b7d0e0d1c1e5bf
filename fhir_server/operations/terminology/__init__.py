"""Operations on the value sets, code systems and concept maps that are stored on this server or belong to R4.

https://hl7.org/fhir/R4/terminology-service.html
"""
