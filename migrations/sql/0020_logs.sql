-- Rows of logs are FHIR resources without a column or an index more: they are written at every read, and each is one version for
-- ever. Their logical ids are made of what they have, and lead back to it.

-- Which log, when (milliseconds), and which row. The key is masked: ids that count up would tell how much is read here.
CREATE FUNCTION fhir_log_mask(moment bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ('x' || left(encode(sha256(convert_to(moment::text, 'UTF8')), 'hex'), 16))::bit(64)::bigint;

CREATE FUNCTION fhir_log_id(kind text, moment timestamptz, key bigint) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- An infinite moment is no number; nobody logs one, but nothing forbids it.
    stamp bigint := CASE WHEN isfinite(moment)
        THEN greatest(floor(extract(epoch FROM moment - '1970-01-01 00:00:00+00'::timestamptz) * 1000), 0)::bigint ELSE 0 END;
BEGIN
    RETURN kind || '-' || lpad(to_hex(stamp), 12, '0') || '-' || lpad(to_hex(key # public.fhir_log_mask(stamp)), 16, '0');
END $$;

CREATE FUNCTION fhir_log_keys(kind text, ids text[]) RETURNS bigint[]
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN ARRAY(
        SELECT ('x' || right(id, 16))::bit(64)::bigint
               # public.fhir_log_mask(('x' || substr(id, length(kind) + 2, 12))::bit(48)::bigint)
        FROM unnest(ids) AS id
        WHERE id ~ ('^' || kind || '-[0-9a-f]{12}-[0-9a-f]{16}$'));
END $$;

-- A version as audit rows name it, and the Provenance of one that no audit row names: its type in short, its resource, its number.
CREATE FUNCTION fhir_version_name(resource_type text, fhir_id text, version text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN resource_type || '/' || fhir_logical_id(fhir_id) || '/_history/' || version;

CREATE FUNCTION fhir_version_log_id(resource_type text, fhir_id text, version bigint) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    type_code text := left(encode(sha256(convert_to(resource_type, 'UTF8')), 'hex'), 4);
    made text := 'v' || type_code || '.' || public.fhir_logical_id(fhir_id) || '.' || version;
BEGIN
    -- An id that is nearly as long as ids may be leaves no room: such a Provenance is found by its target only.
    RETURN CASE WHEN length(made) <= 64 THEN made ELSE 'long-' || left(encode(sha256(convert_to(made, 'UTF8')), 'hex'), 40) END;
END $$;

CREATE FUNCTION fhir_version_targets(ids text[]) RETURNS text[]
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    logical text[] := ARRAY(SELECT substring(id FROM '^v[0-9a-f]{4}\.([A-Za-z0-9.-]+)\.[1-9][0-9]*$') FROM unnest(ids) AS id);
BEGIN
    RETURN logical || ARRAY(SELECT row_id FROM public.fhir_row_ids(logical) AS row_id);
END $$;

CREATE FUNCTION fhir_logical_ids(ids text[]) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY(SELECT fhir_logical_id(id) FROM unnest(ids) AS id);

-- The names of all versions that these resources have, by the ids of their rows; of any type where asked_type is NULL. The index of
-- what audit rows name knows whole names. A version 1 is always named: what has no row any more, and what a log has.
CREATE FUNCTION fhir_build_version_names() RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    branches text;
BEGIN
    SELECT string_agg(format('SELECT %s AS resource_type, t.fhir_id::text, t.version_id FROM %s t WHERE t.fhir_id = ANY (ids)%s',
            CASE WHEN g.tgnargs > 0 THEN quote_literal(convert_from(substr(g.tgargs, 1, length(g.tgargs) - 1), 'UTF8'))
                 ELSE 't.resource_type::text' END,
            g.tgrelid::regclass,
            CASE WHEN g.tgnargs > 0 THEN format(' AND coalesce(asked_type, %1$L) = %1$L',
                    convert_from(substr(g.tgargs, 1, length(g.tgargs) - 1), 'UTF8'))
                 ELSE ' AND (asked_type IS NULL OR t.resource_type = asked_type)' END),
        E'\n        UNION ALL ' ORDER BY g.tgrelid)
    INTO branches
    FROM pg_trigger g WHERE g.tgname = 'fhir_20_version_insert';
    EXECUTE format($sql$
CREATE OR REPLACE FUNCTION public.fhir_version_names(asked_type text, ids text[]) RETURNS text[]
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $body$
BEGIN
    RETURN ARRAY(
        SELECT public.fhir_version_name(v.resource_type, v.fhir_id, number::text)
        FROM (SELECT u.resource_type, u.fhir_id, max(u.version_id) AS newest FROM (
        SELECT asked_type AS resource_type, id AS fhir_id, 1 AS version_id FROM unnest(ids) AS id WHERE asked_type IS NOT NULL
        UNION ALL SELECT t.resource_type, t.fhir_id, t.version_id FROM public.fhir_tombstones t
            WHERE t.fhir_id = ANY (ids) AND (asked_type IS NULL OR t.resource_type = asked_type)
        UNION ALL %s) u GROUP BY 1, 2) v, generate_series(1, v.newest) AS number);
END $body$ $sql$, branches);
END $$;
SELECT fhir_build_version_names();

-- Parameters have the collation of what the caller gives, and the index has another one than ids: hence COLLATE.
-- How many audit rows name one of these versions, if not more than so many: by the index, whatever the planner expects of it.
CREATE FUNCTION fhir_count_named(names text[], most integer) RETURNS bigint
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET enable_indexscan = off AS $$
BEGIN
    RETURN (SELECT count(*) FROM (SELECT FROM public.fhir_audit_logs a WHERE a.entities && (names COLLATE "default") LIMIT most) found);
END $$;

CREATE FUNCTION fhir_logs_named(names text[]) RETURNS TABLE (id bigint, created_at timestamptz)
    LANGUAGE plpgsql STABLE ROWS 10 SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET enable_indexscan = off AS $$
BEGIN
    RETURN QUERY SELECT a.id, a.created_at FROM public.fhir_audit_logs a WHERE a.entities && (names COLLATE "default");
END $$;
REVOKE EXECUTE ON FUNCTION fhir_build_version_names() FROM PUBLIC;

-- A table that becomes one of resources, or no longer is, has versions to name, too.
CREATE OR REPLACE FUNCTION fhir_build_row_ids() RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    branches text;
BEGIN
    SELECT string_agg(format($sql$
    SELECT t.fhir_id::text FROM %s t WHERE public.fhir_minted_id(t.fhir_id) = ANY (minted)
        AND (t.fhir_id ~ '[^-.A-Za-z0-9]' OR octet_length(t.fhir_id) NOT BETWEEN 1 AND 64)$sql$, i.indrelid::regclass),
        E'\n    UNION' ORDER BY i.indrelid)
    INTO branches
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE c.relname LIKE '%\_minted' AND c.relnamespace::regnamespace::text IN ('public', 'phi', 'open');
    EXECUTE format($sql$
CREATE OR REPLACE FUNCTION public.fhir_row_ids(minted text[]) RETURNS SETOF text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $body$
BEGIN
    RETURN QUERY %s;
END $body$ $sql$, branches);
    PERFORM public.fhir_build_version_names();
END $$;
