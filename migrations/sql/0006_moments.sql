-- The half-open interval that a FHIR date or dateTime covers, NULL for any other text. A text without a time has no zone and is
-- given as if it were in UTC; the microseconds beyond the sixth digit do not count.

CREATE FUNCTION fhir_moment_low(value text) RETURNS timestamptz
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET timezone = 'UTC' SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    parts text[];
BEGIN
    parts := regexp_match(value,
        '^([0-9]{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12][0-9]|3[01])(?:T([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]|60)(\.[0-9]+)?'
        '(Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00))?)?)?$');
    IF parts IS NULL OR parts[1] = '0000' THEN
        RETURN NULL;
    END IF;
    -- PostgreSQL reads a second :60 as the next minute's first.
    RETURN (parts[1] || '-' || coalesce(parts[2], '01') || '-' || coalesce(parts[3], '01') || ' '
        || coalesce(parts[4] || ':' || parts[5] || ':' || parts[6] || coalesce(left(parts[7], 7), '') || parts[8], '00:00:00Z')
        )::timestamptz;
EXCEPTION
    WHEN datetime_field_overflow THEN
        RETURN NULL; -- a day that its month does not have
END $$;

CREATE FUNCTION fhir_moment_high(value text) RETURNS timestamptz
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET timezone = 'UTC' SET search_path = pg_catalog, pg_temp AS $$
    SELECT public.fhir_moment_low(value) + CASE length(split_part(value, 'T', 1))
        WHEN 4 THEN interval '1 year'
        WHEN 7 THEN interval '1 month'
        ELSE CASE
            WHEN value !~ 'T' THEN interval '1 day'
            WHEN value !~ '\.' THEN interval '1 second'
            ELSE interval '1 second' / (10 ^ least(length(substring(value FROM '\.([0-9]+)')), 6))
        END
    END
$$;
