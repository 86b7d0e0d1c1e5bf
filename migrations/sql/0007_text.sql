-- Words of resources for _text and _content. One row for each resource: its words with their places, those of the narrative with
-- weight A. The program splits texts into words, so that neither the locale nor a text search configuration matters.

CREATE TABLE phi.text_index (
    resource_key bigint NOT NULL PRIMARY KEY,
    words tsvector NOT NULL
);
CREATE INDEX text_index_words ON phi.text_index USING gin (words);

CREATE TABLE open.text_index (
    resource_key bigint NOT NULL PRIMARY KEY,
    words tsvector NOT NULL
);
CREATE INDEX text_index_words ON open.text_index USING gin (words);

-- Resources whose words nobody has read yet: rows that only the portal wrote, and documents older than this revision. A search for
-- words has them read first, so it never misses one.
CREATE TABLE phi.text_queue (
    table_name text COLLATE "C" NOT NULL,
    resource_key bigint NOT NULL
);
CREATE INDEX text_queue_table_name ON phi.text_queue (table_name, resource_key);

CREATE TABLE open.text_queue (
    table_name text COLLATE "C" NOT NULL,
    resource_key bigint NOT NULL
);
CREATE INDEX text_queue_table_name ON open.text_queue (table_name, resource_key);

CREATE FUNCTION fhir_queue_texts_phi() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO phi.text_queue (table_name, resource_key)
    SELECT TG_TABLE_NAME, n.resource_key FROM new_rows n WHERE n.document_version IS NULL AND n.deleted_at IS NULL;
    RETURN NULL;
END $$;

CREATE FUNCTION fhir_queue_texts_open() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO open.text_queue (table_name, resource_key)
    SELECT TG_TABLE_NAME, n.resource_key FROM new_rows n WHERE n.document_version IS NULL AND n.deleted_at IS NULL;
    RETURN NULL;
END $$;

-- What is gone for good leaves nothing behind that could be found: its words, and index rows that fhir_version_table does not know.
CREATE FUNCTION fhir_forget_texts_phi() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    DELETE FROM phi.text_index WHERE resource_key = ANY (ARRAY(SELECT o.resource_key FROM old_rows o));
    DELETE FROM phi.composite_index WHERE resource_key = ANY (ARRAY(SELECT o.resource_key FROM old_rows o));
    RETURN NULL;
END $$;

CREATE FUNCTION fhir_forget_texts_open() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    DELETE FROM open.text_index WHERE resource_key = ANY (ARRAY(SELECT o.resource_key FROM old_rows o));
    DELETE FROM open.composite_index WHERE resource_key = ANY (ARRAY(SELECT o.resource_key FROM old_rows o));
    RETURN NULL;
END $$;

DO $do$
DECLARE
    versioned record;
BEGIN
    FOR versioned IN
        SELECT t.place, t.name, t.store, t.place = 'public' AS mapped FROM (VALUES
            ('public', 'fhir_patients', 'phi'), ('public', 'fhir_observations', 'phi'),
            ('public', 'fhir_practitioners', 'open'), ('public', 'fhir_facilities', 'open'),
            ('public', 'organizations', 'open'), ('public', 'manufacturers', 'open'),
            ('public', 'user_organizations', 'open'),
            ('phi', 'fhir_resources', 'phi'), ('open', 'fhir_resources', 'open')) AS t (place, name, store)
    LOOP
        EXECUTE format('INSERT INTO %I.text_queue (table_name, resource_key)
            SELECT %L, resource_key FROM %I.%I WHERE deleted_at IS NULL',
            versioned.store, versioned.name, versioned.place, versioned.name);
        EXECUTE format('CREATE TRIGGER fhir_40_forget_texts AFTER DELETE ON %I.%I REFERENCING OLD TABLE AS old_rows
            FOR EACH STATEMENT EXECUTE FUNCTION public.fhir_forget_texts_%s()',
            versioned.place, versioned.name, versioned.store);
        CONTINUE WHEN NOT versioned.mapped;
        EXECUTE format('CREATE TRIGGER fhir_40_queue_texts_insert AFTER INSERT ON %I.%I REFERENCING NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION public.fhir_queue_texts_%s()',
            versioned.place, versioned.name, versioned.store);
        EXECUTE format('CREATE TRIGGER fhir_40_queue_texts_update AFTER UPDATE ON %I.%I REFERENCING NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION public.fhir_queue_texts_%s()',
            versioned.place, versioned.name, versioned.store);
    END LOOP;
END $do$;

SELECT fhir_grant();
