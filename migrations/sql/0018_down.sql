DELETE FROM open.index_rebuilds WHERE contained AND built_to = 0;
ALTER TABLE open.index_rebuilds DROP COLUMN contained;

CREATE OR REPLACE FUNCTION fhir_forget_texts_phi() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    DELETE FROM phi.text_index WHERE resource_key = ANY (ARRAY(SELECT o.resource_key FROM old_rows o));
    DELETE FROM phi.composite_index WHERE resource_key = ANY (ARRAY(SELECT o.resource_key FROM old_rows o));
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION fhir_forget_texts_open() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    DELETE FROM open.text_index WHERE resource_key = ANY (ARRAY(SELECT o.resource_key FROM old_rows o));
    DELETE FROM open.composite_index WHERE resource_key = ANY (ARRAY(SELECT o.resource_key FROM old_rows o));
    RETURN NULL;
END $$;

-- Index rows under keys that nobody has any longer would only be in the way.
DO $do$
DECLARE
    store text;
    kind text;
BEGIN
    FOREACH store IN ARRAY ARRAY['phi', 'open'] LOOP
        FOREACH kind IN ARRAY ARRAY['token', 'string', 'reference', 'date', 'number', 'quantity', 'uri', 'composite'] LOOP
            EXECUTE format('DELETE FROM %1$I.%2$I WHERE resource_key IN (SELECT resource_key FROM %1$I.contained_resources)',
                store, kind || '_index');
        END LOOP;
        EXECUTE format('DROP TABLE %I.contained_resources', store);
    END LOOP;
END $do$;
