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
OBSERVATION_LOW = (
    r"(CASE WHEN (CASE WHEN (jsonb_typeof(value_data -> 'comparator') = ANY ('{string,number}'::text[]) "
    r"AND coalesce(((value_data -> 'comparator') #>> '{}') ~ "
    r"'[^\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028-\u2029\u202f\u205f\u3000]', "
    r"false) AND (((value_data -> 'comparator') #>> '{}') ~ '^[^ \t\n\r\f\v]+( [^ \t\n\r\f\v]+)*$')) THEN "
    r"(value_data -> 'comparator') #>> '{}' END IN ('<', '<=')) THEN '-Infinity'::numeric ELSE CASE WHEN "
    r"""(replace(replace(replace(lower(value_type COLLATE "C"), '-', ''), '_', ''), ' ', '') IN """
    r"('quantity')) THEN CASE WHEN (jsonb_typeof(CASE WHEN (jsonb_typeof(value_data) = 'object') THEN "
    r"value_data -> 'value' ELSE value_data END) = ANY ('{string,number}'::text[]) AND length(CASE WHEN "
    r"(jsonb_typeof(value_data) = 'object') THEN value_data -> 'value' ELSE value_data END #>> '{}') <= "
    r"128 AND length(replace(replace(CAST(fhir_numeric(CASE WHEN (jsonb_typeof(value_data) = 'object') "
    r"THEN value_data -> 'value' ELSE value_data END #>> '{}') AS TEXT), '-', ''), '.', '')) <= 126) THEN "
    r"fhir_numeric(CASE WHEN (jsonb_typeof(value_data) = 'object') THEN value_data -> 'value' ELSE "
    r"value_data END #>> '{}') END END END)"
)
OBSERVATION_HIGH = (
    r"(CASE WHEN (CASE WHEN (jsonb_typeof(value_data -> 'comparator') = ANY ('{string,number}'::text[]) "
    r"AND coalesce(((value_data -> 'comparator') #>> '{}') ~ "
    r"'[^\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028-\u2029\u202f\u205f\u3000]', "
    r"false) AND (((value_data -> 'comparator') #>> '{}') ~ '^[^ \t\n\r\f\v]+( [^ \t\n\r\f\v]+)*$')) THEN "
    r"(value_data -> 'comparator') #>> '{}' END IN ('>', '>=')) THEN 'Infinity'::numeric ELSE CASE WHEN "
    r"""(replace(replace(replace(lower(value_type COLLATE "C"), '-', ''), '_', ''), ' ', '') IN """
    r"('quantity')) THEN CASE WHEN (jsonb_typeof(CASE WHEN (jsonb_typeof(value_data) = 'object') THEN "
    r"value_data -> 'value' ELSE value_data END) = ANY ('{string,number}'::text[]) AND length(CASE WHEN "
    r"(jsonb_typeof(value_data) = 'object') THEN value_data -> 'value' ELSE value_data END #>> '{}') <= "
    r"128 AND length(replace(replace(CAST(fhir_numeric(CASE WHEN (jsonb_typeof(value_data) = 'object') "
    r"THEN value_data -> 'value' ELSE value_data END #>> '{}') AS TEXT), '-', ''), '.', '')) <= 126) THEN "
    r"fhir_numeric(CASE WHEN (jsonb_typeof(value_data) = 'object') THEN value_data -> 'value' ELSE "
    r"value_data END #>> '{}') END END END)"
)
PATIENT_BIRTH = (
    r"(CASE WHEN (birth_date_text ~ '^(?!0000)[0-9]{4}(-(0[1-9]|1[0-2]))?$') THEN timezone('UTC', "
    r"CAST(make_date(nullif(left(birth_date_text, 4), '') :: integer, CASE WHEN (substr(birth_date_text, "
    r"6) != '') THEN nullif(substr(birth_date_text, 6), '') :: integer ELSE 1 END, 1) AS TIMESTAMP "
    r"WITHOUT TIME ZONE)) END)"
)
