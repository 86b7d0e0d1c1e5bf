"""What the mapping reads out of the portal's free texts and JSON, word for word as searches say it: for indexes.

https://www.postgresql.org/docs/current/indexes-expressional.html

An index answers a search only if both say the same, so a test compares these with the mapping.
"""

from __future__ import annotations

OBSERVATION_STATUS = (
    r"""(CASE replace(replace(lower(trim(status) COLLATE "C"), '-', '_'), ' ', '_') WHEN 'amended' THEN """
    r"'amended' WHEN 'cancelled' THEN 'cancelled' WHEN 'corrected' THEN 'corrected' WHEN "
    r"'entered_in_error' THEN 'entered-in-error' WHEN 'final' THEN 'final' WHEN 'preliminary' THEN "
    r"'preliminary' WHEN 'registered' THEN 'registered' WHEN 'unknown' THEN 'unknown' ELSE 'unknown' END)"
)
OBSERVATION_AMOUNT = (
    r"(CASE WHEN (jsonb_typeof(value_data -> 'value') = 'number') THEN CAST(value_data -> 'value' AS "
    r"NUMERIC) END)"
)
OBSERVATION_ODD_AMOUNT = (
    r"""(replace(replace(replace(lower(value_type COLLATE "C"), '-', ''), '_', ''), ' ', '') IN """
    r"('quantity') AND (jsonb_typeof(value_data -> 'value') IS DISTINCT FROM 'number' OR "
    r"jsonb_typeof(value_data) = 'object' AND (value_data ? 'comparator')))"
)
OBSERVATION_TEXT = (
    r"""(left(fhir_normalize(CASE WHEN (replace(replace(replace(lower(value_type COLLATE "C"), '-', ''), """
    r"'_', ''), ' ', '') IN ('string', 'text')) THEN CASE WHEN (jsonb_typeof(CASE WHEN CASE WHEN "
    r"(jsonb_typeof(value_data) = 'object' AND (value_data ? 'value')) THEN (value_data - 'value'::text) "
    r"= '{}'::jsonb ELSE false END THEN value_data -> 'value' ELSE value_data END) = ANY "
    r"('{string,number}'::text[]) AND coalesce((CASE WHEN CASE WHEN (jsonb_typeof(value_data) = 'object' "
    r"AND (value_data ? 'value')) THEN (value_data - 'value'::text) = '{}'::jsonb ELSE false END THEN "
    r"value_data -> 'value' ELSE value_data END #>> '{}') ~ "
    r"'[^\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028-\u2029\u202f\u205f\u3000]', "
    r"false)) THEN CASE WHEN CASE WHEN (jsonb_typeof(value_data) = 'object' AND (value_data ? 'value')) "
    r"THEN (value_data - 'value'::text) = '{}'::jsonb ELSE false END THEN value_data -> 'value' ELSE "
    r"""value_data END #>> '{}' END WHEN (replace(replace(replace(lower(value_type COLLATE "C"), '-', ''), """
    r"'_', ''), ' ', '') IN ('codeableconcept', 'codeable', 'coded')) THEN CASE WHEN (jsonb_typeof(CASE "
    r"WHEN (jsonb_typeof(value_data) = 'object') THEN value_data -> 'text' WHEN (jsonb_typeof(value_data) "
    r"= 'string') THEN value_data END) = ANY ('{string,number}'::text[]) AND coalesce((CASE WHEN "
    r"(jsonb_typeof(value_data) = 'object') THEN value_data -> 'text' WHEN (jsonb_typeof(value_data) = "
    r"'string') THEN value_data END #>> '{}') ~ "
    r"'[^\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028-\u2029\u202f\u205f\u3000]', "
    r"false)) THEN CASE WHEN (jsonb_typeof(value_data) = 'object') THEN value_data -> 'text' WHEN "
    r"""(jsonb_typeof(value_data) = 'string') THEN value_data END #>> '{}' END END) COLLATE "C", 200))"""
)
OBSERVATION_HAS_TEXT = (
    r"""(replace(replace(replace(lower(value_type COLLATE "C"), '-', ''), '_', ''), ' ', '') IN ('string', """
    r"'text', 'codeableconcept', 'codeable', 'coded'))"
)
PATIENT_BIRTH = (
    r"(CASE WHEN (birth_date_text ~ '^(?!0000)[0-9]{4}(-(0[1-9]|1[0-2]))?$') THEN timezone('UTC', "
    r"CAST(make_date(nullif(left(birth_date_text, 4), '') :: integer, CASE WHEN (substr(birth_date_text, "
    r"6) != '') THEN nullif(substr(birth_date_text, 6), '') :: integer ELSE 1 END, 1) AS TIMESTAMP "
    r"WITHOUT TIME ZONE)) END)"
)
