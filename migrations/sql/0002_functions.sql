-- What indexes and queries need to know about the portal's texts. All three are immutable and never raise an error,
-- because a row that the portal wrote must be searchable whatever it holds.

CREATE FUNCTION fhir_numeric(value text) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        -- the bounds keep a hostile exponent from filling memory or raising an overflow
        WHEN length(value) <= 1000 AND value ~ '^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?$' THEN value::numeric
    END;

-- The last digit of a LOINC code is its Mod 10 check digit: from the right, every other digit counts double.
CREATE FUNCTION fhir_is_loinc(code text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    digits text;
    total integer := 0;
BEGIN
    IF code IS NULL OR code !~ '^[0-9]{1,7}-[0-9]$' THEN
        RETURN false;
    END IF;
    digits := pg_catalog.lpad(pg_catalog.split_part(code, '-', 1), 7, '0');
    FOR place IN 1..7 LOOP
        total := total + CASE place % 2
            WHEN 1 THEN (ARRAY[0, 2, 4, 6, 8, 1, 3, 5, 7, 9])[1 + pg_catalog.substr(digits, place, 1)::integer]
            ELSE pg_catalog.substr(digits, place, 1)::integer
        END;
    END LOOP;
    RETURN pg_catalog.right(code, 1)::integer = (10 - total % 10) % 10;
END $$;
