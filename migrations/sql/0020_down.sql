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
END $$;
DROP FUNCTION fhir_logs_named(text[]), fhir_count_named(text[], integer), fhir_version_names(text, text[]), fhir_build_version_names(), fhir_logical_ids(text[]), fhir_version_targets(text[]),
    fhir_version_log_id(text, text, bigint), fhir_version_name(text, text, text), fhir_log_keys(text, text[]),
    fhir_log_id(text, timestamptz, bigint), fhir_log_mask(bigint);
