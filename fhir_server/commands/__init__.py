"""The commands of `fhir-server`, one module each: NAME, SUMMARY, add_arguments(parser), run(settings, arguments)."""
