-- Logical ids of rows whose fhir_id FHIR does not allow as one: a UUID (RFC 9562, version 8) made of the SHA-256 of the text, so
-- that nothing needs to be stored and every process makes the same. The way back is a look-up in the indexes below, which hold
-- such rows only. What is legal is tested with a negated set: a bounded repetition would cost an INSERT thirty times as much.

CREATE FUNCTION fhir_minted_id(raw text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    digest bytea := pg_catalog.sha256(pg_catalog.convert_to(raw, 'UTF8'));
    digits text;
BEGIN
    digest := pg_catalog.set_byte(digest, 6, (pg_catalog.get_byte(digest, 6) & 15) | 128);
    digest := pg_catalog.set_byte(digest, 8, (pg_catalog.get_byte(digest, 8) & 63) | 128);
    digits := pg_catalog.encode(digest, 'hex');
    RETURN pg_catalog.concat_ws('-', pg_catalog.left(digits, 8), pg_catalog.substr(digits, 9, 4),
        pg_catalog.substr(digits, 13, 4), pg_catalog.substr(digits, 17, 4), pg_catalog.substr(digits, 21, 12));
END $$;

CREATE FUNCTION fhir_logical_id(raw text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN raw ~ '[^-.A-Za-z0-9]' OR octet_length(raw) NOT BETWEEN 1 AND 64 THEN fhir_minted_id(raw)
        ELSE raw
    END;

CREATE INDEX fhir_patients_minted ON fhir_patients (fhir_minted_id(fhir_id))
    WHERE fhir_id ~ '[^-.A-Za-z0-9]' OR octet_length(fhir_id) NOT BETWEEN 1 AND 64;
CREATE INDEX fhir_practitioners_minted ON fhir_practitioners (fhir_minted_id(fhir_id))
    WHERE fhir_id ~ '[^-.A-Za-z0-9]' OR octet_length(fhir_id) NOT BETWEEN 1 AND 64;
CREATE INDEX fhir_facilities_minted ON fhir_facilities (fhir_minted_id(fhir_id))
    WHERE fhir_id ~ '[^-.A-Za-z0-9]' OR octet_length(fhir_id) NOT BETWEEN 1 AND 64;
CREATE INDEX fhir_observations_minted ON fhir_observations (fhir_minted_id(fhir_id))
    WHERE fhir_id ~ '[^-.A-Za-z0-9]' OR octet_length(fhir_id) NOT BETWEEN 1 AND 64;
CREATE INDEX organizations_minted ON organizations (fhir_minted_id(fhir_id))
    WHERE fhir_id ~ '[^-.A-Za-z0-9]' OR octet_length(fhir_id) NOT BETWEEN 1 AND 64;
CREATE INDEX manufacturers_minted ON manufacturers (fhir_minted_id(fhir_id))
    WHERE fhir_id ~ '[^-.A-Za-z0-9]' OR octet_length(fhir_id) NOT BETWEEN 1 AND 64;
CREATE INDEX user_organizations_minted ON user_organizations (fhir_minted_id(fhir_id))
    WHERE fhir_id ~ '[^-.A-Za-z0-9]' OR octet_length(fhir_id) NOT BETWEEN 1 AND 64;
-- A resource that its table cannot hold any longer lives here under its old id, and one that the portal deleted is buried there.
CREATE INDEX fhir_resources_minted ON phi.fhir_resources (fhir_minted_id(fhir_id))
    WHERE fhir_id ~ '[^-.A-Za-z0-9]' OR octet_length(fhir_id) NOT BETWEEN 1 AND 64;
CREATE INDEX fhir_resources_minted ON open.fhir_resources (fhir_minted_id(fhir_id))
    WHERE fhir_id ~ '[^-.A-Za-z0-9]' OR octet_length(fhir_id) NOT BETWEEN 1 AND 64;
CREATE INDEX fhir_tombstones_minted ON fhir_tombstones (fhir_minted_id(fhir_id))
    WHERE fhir_id ~ '[^-.A-Za-z0-9]' OR octet_length(fhir_id) NOT BETWEEN 1 AND 64;

-- The ids of the rows behind minted ids. A session keeps the plan of its first statements; one that was made while the tables
-- were empty would read them whole when they are not: only look-ups in the indexes may be planned here.
CREATE FUNCTION fhir_row_ids(minted text[]) RETURNS SETOF text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT t.fhir_id::text FROM public.fhir_patients t WHERE public.fhir_minted_id(t.fhir_id) = ANY (minted)
        AND (t.fhir_id ~ '[^-.A-Za-z0-9]' OR octet_length(t.fhir_id) NOT BETWEEN 1 AND 64)
    UNION
    SELECT t.fhir_id::text FROM public.fhir_practitioners t WHERE public.fhir_minted_id(t.fhir_id) = ANY (minted)
        AND (t.fhir_id ~ '[^-.A-Za-z0-9]' OR octet_length(t.fhir_id) NOT BETWEEN 1 AND 64)
    UNION
    SELECT t.fhir_id::text FROM public.fhir_facilities t WHERE public.fhir_minted_id(t.fhir_id) = ANY (minted)
        AND (t.fhir_id ~ '[^-.A-Za-z0-9]' OR octet_length(t.fhir_id) NOT BETWEEN 1 AND 64)
    UNION
    SELECT t.fhir_id::text FROM public.fhir_observations t WHERE public.fhir_minted_id(t.fhir_id) = ANY (minted)
        AND (t.fhir_id ~ '[^-.A-Za-z0-9]' OR octet_length(t.fhir_id) NOT BETWEEN 1 AND 64)
    UNION
    SELECT t.fhir_id::text FROM public.organizations t WHERE public.fhir_minted_id(t.fhir_id) = ANY (minted)
        AND (t.fhir_id ~ '[^-.A-Za-z0-9]' OR octet_length(t.fhir_id) NOT BETWEEN 1 AND 64)
    UNION
    SELECT t.fhir_id::text FROM public.manufacturers t WHERE public.fhir_minted_id(t.fhir_id) = ANY (minted)
        AND (t.fhir_id ~ '[^-.A-Za-z0-9]' OR octet_length(t.fhir_id) NOT BETWEEN 1 AND 64)
    UNION
    SELECT t.fhir_id::text FROM public.user_organizations t WHERE public.fhir_minted_id(t.fhir_id) = ANY (minted)
        AND (t.fhir_id ~ '[^-.A-Za-z0-9]' OR octet_length(t.fhir_id) NOT BETWEEN 1 AND 64)
    UNION
    SELECT t.fhir_id::text FROM phi.fhir_resources t WHERE public.fhir_minted_id(t.fhir_id) = ANY (minted)
        AND (t.fhir_id ~ '[^-.A-Za-z0-9]' OR octet_length(t.fhir_id) NOT BETWEEN 1 AND 64)
    UNION
    SELECT t.fhir_id::text FROM open.fhir_resources t WHERE public.fhir_minted_id(t.fhir_id) = ANY (minted)
        AND (t.fhir_id ~ '[^-.A-Za-z0-9]' OR octet_length(t.fhir_id) NOT BETWEEN 1 AND 64)
    UNION
    SELECT t.fhir_id::text FROM public.fhir_tombstones t WHERE public.fhir_minted_id(t.fhir_id) = ANY (minted)
        AND (t.fhir_id ~ '[^-.A-Za-z0-9]' OR octet_length(t.fhir_id) NOT BETWEEN 1 AND 64);
END $$;
