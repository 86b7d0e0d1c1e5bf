DROP TABLE phi.composite_index, open.composite_index, public.fhir_ucum_units;
ALTER TABLE phi.quantity_index DROP COLUMN canonical_low, DROP COLUMN canonical_high, DROP COLUMN canonical_unit;
ALTER TABLE open.quantity_index DROP COLUMN canonical_low, DROP COLUMN canonical_high, DROP COLUMN canonical_unit;
DROP FUNCTION fhir_moment_low(text);
DROP FUNCTION fhir_moment_high(text);
