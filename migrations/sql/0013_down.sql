DROP FUNCTION fhir_make_shadow(text, text, text, text, text[], text, text), fhir_drop_shadow(text, text, text, text),
    fhir_refuse_shadow_write(text, text, text, text);
