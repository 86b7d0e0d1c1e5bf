-- One call makes a table of the portal a table of FHIR resources: logical ids, versions, history, words, minted ids. What the
-- resource shows of other tables must be columns of it by then, because the history gets the columns that the table has.

-- Ids behind minted ids are looked up in every table with an index of them; this writes the look-up anew.
CREATE FUNCTION fhir_build_row_ids() RETURNS void
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

CREATE FUNCTION fhir_make_resource(name text, resource_type text, store text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- The portal's trigger would stamp what follows as a change; the version trigger takes its place.
    EXECUTE format('DROP TRIGGER IF EXISTS portal_touch ON public.%I', name);
    EXECUTE format($sql$
        UPDATE public.%I SET updated_at = date_trunc('milliseconds', coalesce(updated_at, created_at, now()))
        WHERE updated_at IS DISTINCT FROM date_trunc('milliseconds', coalesce(updated_at, created_at, now()))
    $sql$, name);
    EXECUTE format($sql$
        ALTER TABLE public.%1$I
            ALTER COLUMN updated_at SET NOT NULL,
            ADD COLUMN fhir_id varchar(100) COLLATE "C" NOT NULL DEFAULT gen_random_uuid()::text,
            ADD COLUMN resource_key bigint NOT NULL DEFAULT nextval('public.fhir_resource_key'),
            ADD COLUMN version_id bigint NOT NULL DEFAULT 1,
            ADD COLUMN version_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
            ADD COLUMN document_version bigint,
            ADD COLUMN deleted_at timestamptz,
            ADD CONSTRAINT %2$I UNIQUE (fhir_id)
    $sql$, name, name || '_fhir_id_key');
    EXECUTE format('ALTER TABLE public.%I ALTER COLUMN fhir_id DROP DEFAULT', name); -- the version trigger makes it
    EXECUTE format('CREATE UNIQUE INDEX %1$I ON public.%2$I (resource_key)', name || '_resource_key', name);
    EXECUTE format('CREATE INDEX %1$I ON public.%2$I (updated_at DESC, fhir_id DESC)', name || '_updated_at', name);
    EXECUTE format('CREATE INDEX %1$I ON public.%2$I (document_version, version_id, resource_key)
        WHERE document_version < version_id', name || '_pending', name);
    EXECUTE format('CREATE INDEX %1$I ON public.%2$I (resource_key)
        WHERE document_version IS NULL AND deleted_at IS NULL', name || '_undocumented', name);
    EXECUTE format($sql$CREATE INDEX %1$I ON public.%2$I (public.fhir_minted_id(fhir_id))
        WHERE fhir_id ~ '[^-.A-Za-z0-9]' OR octet_length(fhir_id) NOT BETWEEN 1 AND 64$sql$, name || '_minted', name);

    EXECUTE format('CREATE TABLE history.%1$I (LIKE public.%1$I, PRIMARY KEY (fhir_id, version_id))', name);
    EXECUTE format('CREATE INDEX %1$I ON history.%2$I (updated_at DESC, fhir_id DESC)', name || '_updated_at', name);
    PERFORM public.fhir_version_table(
        format('public.%I', name)::regclass, format('history.%I', name)::regclass, resource_type, store);

    EXECUTE format('INSERT INTO %I.text_queue (table_name, resource_key) SELECT %L, resource_key FROM public.%I',
        store, name, name);
    EXECUTE format('CREATE TRIGGER fhir_40_forget_texts AFTER DELETE ON public.%I REFERENCING OLD TABLE AS old_rows
        FOR EACH STATEMENT EXECUTE FUNCTION public.fhir_forget_texts_%s()', name, store);
    EXECUTE format('CREATE TRIGGER fhir_40_queue_texts_insert AFTER INSERT ON public.%I REFERENCING NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION public.fhir_queue_texts_%s()', name, store);
    EXECUTE format('CREATE TRIGGER fhir_40_queue_texts_update AFTER UPDATE ON public.%I REFERENCING NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION public.fhir_queue_texts_%s()', name, store);
    PERFORM public.fhir_build_row_ids();
    PERFORM public.fhir_grant();
END $$;

-- The opposite. Documents and index rows go with it, or they would belong to nobody.
CREATE FUNCTION fhir_unmake_resource(name text, resource_type text, store text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found text;
BEGIN
    FOR found IN SELECT tgname FROM pg_trigger
        WHERE tgrelid = format('public.%I', name)::regclass AND NOT tgisinternal AND tgname ~ '^fhir_[0-9]{2}_'
    LOOP
        EXECUTE format('DROP TRIGGER %I ON public.%I', found, name);
    END LOOP;
    EXECUTE format('DROP FUNCTION public.%I(), public.%I(), public.%I()', 'fhir_version_' || name || '_inserted',
        'fhir_version_' || name || '_updated', 'fhir_version_' || name || '_deleted');
    FOREACH found IN ARRAY ARRAY['token_index', 'string_index', 'reference_index', 'date_index', 'number_index',
                                 'quantity_index', 'uri_index', 'composite_index', 'text_index', 'text_queue'] LOOP
        EXECUTE format('DELETE FROM %I.%I WHERE resource_key IN (SELECT resource_key FROM public.%I)', store, found, name);
    END LOOP;
    EXECUTE format('DELETE FROM %I.documents WHERE resource_type = %L
        AND fhir_id IN (SELECT fhir_id FROM public.%I UNION SELECT fhir_id FROM history.%I)', store, resource_type, name, name);
    EXECUTE format('DELETE FROM public.fhir_tombstones WHERE resource_type = %L
        AND fhir_id IN (SELECT fhir_id FROM history.%I)', resource_type, name);
    EXECUTE format('DROP TABLE history.%I', name);
    EXECUTE format('DROP INDEX public.%I, public.%I, public.%I, public.%I', name || '_resource_key', name || '_pending',
        name || '_undocumented', name || '_minted');
    EXECUTE format('ALTER TABLE public.%I DROP COLUMN fhir_id, DROP COLUMN resource_key, DROP COLUMN version_id,
        DROP COLUMN version_xid, DROP COLUMN document_version, DROP COLUMN deleted_at, ALTER COLUMN updated_at DROP NOT NULL',
        name);
    EXECUTE format('CREATE TRIGGER portal_touch BEFORE UPDATE ON public.%I FOR EACH ROW
        WHEN (OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at AND OLD.* IS DISTINCT FROM NEW.*)
        EXECUTE FUNCTION public.portal_touch_updated_at()', name);
    PERFORM public.fhir_build_row_ids();
END $$;
REVOKE EXECUTE ON FUNCTION fhir_build_row_ids(), fhir_make_resource(text, text, text), fhir_unmake_resource(text, text, text)
    FROM PUBLIC;
