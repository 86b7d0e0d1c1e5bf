-- Resources that stand inside others, for searches with _contained: each has a key of its own out of the sequence of all resources,
-- under which its index rows stand in the same store. They come and go with the document of their container, so updated_at is a copy.
CREATE TABLE phi.contained_resources (
    resource_key bigint NOT NULL PRIMARY KEY,
    resource_type text COLLATE "C" NOT NULL,
    fhir_id text COLLATE "C" NOT NULL,
    container_table text COLLATE "C" NOT NULL,
    container_key bigint NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX contained_resources_container ON phi.contained_resources (container_key, fhir_id);
CREATE INDEX contained_resources_of_type ON phi.contained_resources (resource_type, container_table, container_key, resource_key);

CREATE TABLE open.contained_resources (
    resource_key bigint NOT NULL PRIMARY KEY,
    resource_type text COLLATE "C" NOT NULL,
    fhir_id text COLLATE "C" NOT NULL,
    container_table text COLLATE "C" NOT NULL,
    container_key bigint NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX contained_resources_container ON open.contained_resources (container_key, fhir_id);
CREATE INDEX contained_resources_of_type ON open.contained_resources (resource_type, container_table, container_key, resource_key);

-- A hard DELETE of the portal takes with it what the deleted row contained.
DO $do$
DECLARE
    store text;
    kind text;
    inner_deletes text;
BEGIN
    FOREACH store IN ARRAY ARRAY['phi', 'open'] LOOP
        inner_deletes := '';
        FOREACH kind IN ARRAY ARRAY['token', 'string', 'reference', 'date', 'number', 'quantity', 'uri', 'composite'] LOOP
            inner_deletes := inner_deletes
                || format(E'\n        DELETE FROM %I.%I WHERE resource_key = ANY (contained);', store, kind || '_index');
        END LOOP;
        EXECUTE format($sql$
CREATE OR REPLACE FUNCTION public.fhir_forget_texts_%1$s() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $body$
DECLARE
    gone bigint[] := ARRAY(SELECT o.resource_key FROM old_rows o);
    contained bigint[] := ARRAY(SELECT c.resource_key FROM %1$I.contained_resources c WHERE c.container_key = ANY (gone));
BEGIN
    DELETE FROM %1$I.text_index WHERE resource_key = ANY (gone);
    DELETE FROM %1$I.composite_index WHERE resource_key = ANY (gone);
    IF contained <> '{}' THEN%2$s
        DELETE FROM %1$I.contained_resources WHERE resource_key = ANY (contained);
    END IF;
    RETURN NULL;
END $body$ $sql$, store, inner_deletes);
    END LOOP;
END $do$;

-- What older documents contain is found by `fhir-server index`; until then searches of contained resources are refused.
ALTER TABLE open.index_rebuilds ADD COLUMN contained boolean NOT NULL DEFAULT false;
INSERT INTO open.index_rebuilds (resource_type, contained)
SELECT resource_type, true FROM phi.documents WHERE document::text LIKE '%"contained"%' GROUP BY resource_type
UNION
SELECT resource_type, true FROM open.documents WHERE document::text LIKE '%"contained"%' GROUP BY resource_type
ON CONFLICT (resource_type) DO UPDATE SET contained = true, built_to = 0;

SELECT fhir_grant();
