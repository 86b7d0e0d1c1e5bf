-- What searches over millions of rows need: indexes on what the mapping reads out of the portal's free texts and JSON (their
-- expressions are word for word those of the searches), orders of whole stores, and what the planner must know of the index
-- rows: that a code says which parameter it is of, and that few codes are most of the rows.

CREATE INDEX fhir_observations_status ON fhir_observations ((
    CASE replace(replace(lower(trim(status) COLLATE "C"), '-', '_'), ' ', '_') WHEN 'amended' THEN 'amended' WHEN 'cancelled' THEN 'cancelled' WHEN 'corrected' THEN 'corrected' WHEN 'entered_in_error' THEN 'entered-in-error' WHEN 'final' THEN 'final' WHEN 'preliminary' THEN 'preliminary' WHEN 'registered' THEN 'registered' WHEN 'unknown' THEN 'unknown' ELSE 'unknown' END), resource_key);
-- An amount as cheap as it can be had, because each INSERT of the portal pays for it; those it cannot tell stand apart.
CREATE INDEX fhir_observations_amount ON fhir_observations (code, (
    CASE WHEN (jsonb_typeof(value_data -> 'value') = 'number') THEN CAST(value_data -> 'value' AS NUMERIC) END));
CREATE INDEX fhir_observations_odd_amount ON fhir_observations (code) WHERE
    replace(replace(replace(lower(value_type COLLATE "C"), '-', ''), '_', ''), ' ', '') IN ('quantity') AND (jsonb_typeof(value_data -> 'value') IS DISTINCT FROM 'number' OR jsonb_typeof(value_data) = 'object' AND (value_data ? 'comparator'));
CREATE INDEX fhir_observations_text ON fhir_observations ((
    left(fhir_normalize(CASE WHEN (replace(replace(replace(lower(value_type COLLATE "C"), '-', ''), '_', ''), ' ', '') IN ('string', 'text')) THEN CASE WHEN (jsonb_typeof(CASE WHEN CASE WHEN (jsonb_typeof(value_data) = 'object' AND (value_data ? 'value')) THEN (value_data - 'value'::text) = '{}'::jsonb ELSE false END THEN value_data -> 'value' ELSE value_data END) = ANY ('{string,number}'::text[]) AND coalesce((CASE WHEN CASE WHEN (jsonb_typeof(value_data) = 'object' AND (value_data ? 'value')) THEN (value_data - 'value'::text) = '{}'::jsonb ELSE false END THEN value_data -> 'value' ELSE value_data END #>> '{}') ~ '[^\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028-\u2029\u202f\u205f\u3000]', false)) THEN CASE WHEN CASE WHEN (jsonb_typeof(value_data) = 'object' AND (value_data ? 'value')) THEN (value_data - 'value'::text) = '{}'::jsonb ELSE false END THEN value_data -> 'value' ELSE value_data END #>> '{}' END WHEN (replace(replace(replace(lower(value_type COLLATE "C"), '-', ''), '_', ''), ' ', '') IN ('codeableconcept', 'codeable', 'coded')) THEN CASE WHEN (jsonb_typeof(CASE WHEN (jsonb_typeof(value_data) = 'object') THEN value_data -> 'text' WHEN (jsonb_typeof(value_data) = 'string') THEN value_data END) = ANY ('{string,number}'::text[]) AND coalesce((CASE WHEN (jsonb_typeof(value_data) = 'object') THEN value_data -> 'text' WHEN (jsonb_typeof(value_data) = 'string') THEN value_data END #>> '{}') ~ '[^\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028-\u2029\u202f\u205f\u3000]', false)) THEN CASE WHEN (jsonb_typeof(value_data) = 'object') THEN value_data -> 'text' WHEN (jsonb_typeof(value_data) = 'string') THEN value_data END #>> '{}' END END) COLLATE "C", 200))) WHERE
    replace(replace(replace(lower(value_type COLLATE "C"), '-', ''), '_', ''), ' ', '') IN ('string', 'text', 'codeableconcept', 'codeable', 'coded');
-- What came through FHIR, the only rows with index rows; the portal's own rows are in neither.
CREATE INDEX fhir_observations_written ON fhir_observations (resource_key) WHERE document_version IS NOT NULL;
CREATE INDEX fhir_observations_written_date ON fhir_observations ((coalesce(effective_date_time, '-infinity')) DESC, fhir_id DESC)
    WHERE document_version IS NOT NULL;
CREATE INDEX fhir_patients_birth_text ON fhir_patients ((
    CASE WHEN (birth_date_text ~ '^(?!0000)[0-9]{4}(-(0[1-9]|1[0-2]))?$') THEN timezone('UTC', CAST(make_date(nullif(left(birth_date_text, 4), '') :: integer, CASE WHEN (substr(birth_date_text, 6) != '') THEN nullif(substr(birth_date_text, 6), '') :: integer ELSE 1 END, 1) AS TIMESTAMP WITHOUT TIME ZONE)) END));

CREATE INDEX fhir_resources_newest ON phi.fhir_resources (updated_at DESC, resource_key DESC);
CREATE INDEX fhir_resources_of_type ON phi.fhir_resources (resource_type, resource_key);
-- What ends or is above a bound: the other indexes know where values begin.
CREATE INDEX date_index_high ON phi.date_index (parameter, high, resource_key);
CREATE INDEX quantity_index_high ON phi.quantity_index (parameter, high, resource_key);
CREATE INDEX quantity_index_canonical_high ON phi.quantity_index (parameter, canonical_unit, canonical_high, resource_key)
    WHERE canonical_unit IS NOT NULL;
CREATE INDEX composite_index_high ON phi.composite_index (parameter, code, high, resource_key)
    WHERE low IS NOT NULL AND code IS NOT NULL;
CREATE INDEX composite_index_canonical_high ON phi.composite_index (parameter, code, canonical_unit, canonical_high, resource_key)
    WHERE canonical_unit IS NOT NULL;
CREATE STATISTICS phi.token_index_codes (dependencies, mcv) ON parameter, code FROM phi.token_index;
CREATE STATISTICS phi.uri_index_uris (dependencies, mcv) ON parameter, uri FROM phi.uri_index;
CREATE STATISTICS phi.reference_index_targets (dependencies, mcv) ON parameter, target_id FROM phi.reference_index;

CREATE INDEX fhir_resources_newest ON open.fhir_resources (updated_at DESC, resource_key DESC);
CREATE INDEX fhir_resources_of_type ON open.fhir_resources (resource_type, resource_key);
CREATE INDEX date_index_high ON open.date_index (parameter, high, resource_key);
CREATE INDEX quantity_index_high ON open.quantity_index (parameter, high, resource_key);
CREATE INDEX quantity_index_canonical_high ON open.quantity_index (parameter, canonical_unit, canonical_high, resource_key)
    WHERE canonical_unit IS NOT NULL;
CREATE INDEX composite_index_high ON open.composite_index (parameter, code, high, resource_key)
    WHERE low IS NOT NULL AND code IS NOT NULL;
CREATE INDEX composite_index_canonical_high ON open.composite_index (parameter, code, canonical_unit, canonical_high, resource_key)
    WHERE canonical_unit IS NOT NULL;
CREATE STATISTICS open.token_index_codes (dependencies, mcv) ON parameter, code FROM open.token_index;
CREATE STATISTICS open.uri_index_uris (dependencies, mcv) ON parameter, uri FROM open.uri_index;
CREATE STATISTICS open.reference_index_targets (dependencies, mcv) ON parameter, target_id FROM open.reference_index;

ANALYZE fhir_observations, fhir_patients;
ANALYZE phi.token_index, phi.uri_index, phi.reference_index, open.token_index, open.uri_index, open.reference_index;
