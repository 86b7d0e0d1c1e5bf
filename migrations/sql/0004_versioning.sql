-- System versioning: whoever changes a row of a resource table, in whatever way, makes exactly one version per transaction.
--
-- The row holds version_id, version_xid (the transaction that made the version) and updated_at. Replaced rows go to
-- history.<table>, hard deletes to fhir_tombstones. document_version names the newest version that has a document:
--   document_version = version_id + 1 in an UPDATE   a FHIR write: always a new version
--   document_version = version_id     in an UPDATE   a merged document was stored: no new version
--   anything else that changes                       the portal wrote: a new version, its document is still to be merged
--
-- The functions that touch history or tombstones are SECURITY DEFINER: the portal's role fires them without any right there.

-- A session keeps the plan of its first statement. One that was made while the tombstones were few would read them whole,
-- for every row, for as long as the session lasts: only a look-up by index may be planned here.
CREATE FUNCTION fhir_before_insert() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    type_name text;
    buried record;
BEGIN
    NEW.version_id := 1;
    IF NEW.fhir_id IS NULL THEN
        NEW.fhir_id := gen_random_uuid()::text;
    ELSE
        IF TG_NARGS > 0 THEN
            type_name := TG_ARGV[0];
        ELSE
            type_name := NEW.resource_type;
        END IF;
        SELECT t.version_id, t.version_xid INTO buried FROM public.fhir_tombstones t
            WHERE t.resource_type = type_name AND t.fhir_id = NEW.fhir_id
            ORDER BY t.version_id DESC LIMIT 1;
        IF FOUND THEN
            IF buried.version_xid = pg_current_xact_id() THEN
                -- deleted and inserted by one transaction (a move between tables): one version, not two
                DELETE FROM public.fhir_tombstones t
                    WHERE t.resource_type = type_name AND t.fhir_id = NEW.fhir_id AND t.version_id = buried.version_id;
                NEW.version_id := buried.version_id;
            ELSE
                NEW.version_id := buried.version_id + 1;
            END IF;
        END IF;
    END IF;
    IF NEW.document_version IS NOT NULL THEN
        NEW.document_version := NEW.version_id;
    END IF;
    NEW.version_xid := pg_current_xact_id();
    NEW.updated_at := date_trunc('milliseconds', clock_timestamp());
    RETURN NEW;
END $$;

CREATE FUNCTION fhir_before_update() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    document_version bigint := NEW.document_version;
    replaces boolean;
BEGIN
    IF NEW.fhir_id IS DISTINCT FROM OLD.fhir_id THEN
        RAISE EXCEPTION 'fhir_id of % is the identity of a resource and cannot be changed', TG_TABLE_NAME
            USING ERRCODE = 'check_violation', COLUMN = 'fhir_id', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA,
                  HINT = 'Delete the row and insert a new one.';
    END IF;
    NEW.resource_key := OLD.resource_key;
    NEW.version_id := OLD.version_id;
    NEW.version_xid := OLD.version_xid;
    NEW.updated_at := OLD.updated_at;
    IF OLD.version_xid = pg_catalog.pg_current_xact_id() THEN
        -- still the same version; a FHIR write that follows another write of its transaction documents that version
        IF document_version > OLD.version_id THEN
            NEW.document_version := OLD.version_id;
        END IF;
        RETURN NEW;
    END IF;
    replaces := document_version = OLD.version_id + 1;
    IF replaces IS NOT TRUE THEN
        NEW.document_version := OLD.document_version;
        -- the image decides: 1.0 is not 1.00 for a client that reads it
        replaces := NEW OPERATOR(pg_catalog.*<>) OLD;
        NEW.document_version := document_version;
    END IF;
    IF replaces THEN
        NEW.version_id := OLD.version_id + 1;
        NEW.version_xid := pg_catalog.pg_current_xact_id();
        NEW.updated_at := greatest(pg_catalog.date_trunc('milliseconds', pg_catalog.clock_timestamp()), OLD.updated_at);
    END IF;
    RETURN NEW;
END $$;

-- Gives a table its triggers, with column lists as the table is now. Call it again after adding a column to the table and to
-- its history. resource_type NULL: the column resource_type says it.
CREATE FUNCTION fhir_version_table(versioned regclass, history regclass, resource_type text, store text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    function_name text;
    columns text;
    old_columns text;
    same_key text := CASE WHEN resource_type IS NULL THEN 't.resource_type = o.resource_type AND ' ELSE '' END
        || 't.fhir_id = o.fhir_id';
    type_of text := CASE WHEN resource_type IS NULL THEN 'o.resource_type' ELSE quote_literal(resource_type) END;
    argument text := CASE WHEN resource_type IS NULL THEN '' ELSE quote_literal(resource_type) END;
    index_deletes text := '';
    kind text;
BEGIN
    SELECT 'fhir_version_' || CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '_' END || c.relname INTO function_name
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = versioned;
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum), string_agg('o.' || quote_ident(attname), ', ' ORDER BY attnum)
        INTO columns, old_columns
        FROM pg_attribute WHERE attrelid = versioned AND attnum > 0 AND NOT attisdropped;
    FOREACH kind IN ARRAY ARRAY['token', 'string', 'reference', 'date', 'number', 'quantity', 'uri'] LOOP
        index_deletes := index_deletes || format(
            E'\n        DELETE FROM %I.%I WHERE resource_key = ANY (documented);', store, kind || '_index');
    END LOOP;

    -- Two transactions may delete and insert the same id at once; the one that inserts must not start again at version 1.
    -- READ COMMITTED sees the other's tombstone by now, REPEATABLE READ still sees the row that the other deleted.
    EXECUTE format($sql$
CREATE OR REPLACE FUNCTION public.%1$I() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $body$
BEGIN
    -- Scalar subqueries and no join, which may be kept with the tombstones outside and read all new rows for each of them.
    IF EXISTS (SELECT FROM new_rows o
               WHERE (SELECT max(t.version_id) FROM public.fhir_tombstones t
                      WHERE t.resource_type = %2$s AND t.fhir_id = o.fhir_id) >= o.version_id)
       OR (current_setting('transaction_isolation') <> 'read committed'
           AND EXISTS (SELECT FROM new_rows o
                       WHERE (SELECT count(*) FROM %3$s t WHERE %4$s AND t.resource_key <> o.resource_key) > 0))
    THEN
        RAISE EXCEPTION 'another transaction deleted this resource at the same time'
            USING ERRCODE = 'serialization_failure', HINT = 'Try the transaction again.';
    END IF;
    RETURN NULL;
END $body$ $sql$, function_name || '_inserted', type_of, versioned, same_key);

    -- CASE keeps the IN a hashed subplan. As a join it would be planned for the first statement of the session: a nested loop
    -- over two unindexed row sets that never ends when the next statement changes 100,000 rows.
    EXECUTE format($sql$
CREATE OR REPLACE FUNCTION public.%1$I() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    INSERT INTO %2$s (%3$s)
    SELECT %4$s FROM old_rows o
    WHERE CASE WHEN o.version_xid = pg_current_xact_id() THEN false ELSE o.resource_key IN
        (SELECT n.resource_key FROM new_rows n WHERE n.version_xid = pg_current_xact_id()) END;
    RETURN NULL;
END $body$ $sql$, function_name || '_updated', history, columns, old_columns);

    -- A row that this transaction itself had written leaves a tombstone only if an older version was there before it.
    EXECUTE format($sql$
CREATE OR REPLACE FUNCTION public.%1$I() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $body$
DECLARE
    documented bigint[];
BEGIN
    INSERT INTO public.fhir_tombstones (resource_type, fhir_id, version_id, version_xid, updated_at)
    SELECT %5$s, o.fhir_id,
           CASE WHEN o.version_xid = pg_current_xact_id() THEN o.version_id ELSE o.version_id + 1 END,
           pg_current_xact_id(), greatest(date_trunc('milliseconds', clock_timestamp()), o.updated_at)
    FROM old_rows o
    WHERE CASE WHEN o.version_xid <> pg_current_xact_id() THEN true
          ELSE EXISTS (SELECT FROM %2$s h WHERE %6$s AND h.version_id = o.version_id - 1) END
    ON CONFLICT DO NOTHING;
    INSERT INTO %2$s (%3$s)
    SELECT %4$s FROM old_rows o WHERE o.version_xid <> pg_current_xact_id();
    documented := ARRAY(SELECT o.resource_key FROM old_rows o WHERE o.document_version IS NOT NULL);
    IF documented <> '{}' THEN
        DELETE FROM %7$I.documents WHERE ctid = ANY (ARRAY(
            SELECT (SELECT d.ctid FROM %7$I.documents d
                    WHERE d.resource_type = %5$s AND d.fhir_id = o.fhir_id AND d.version_id = o.version_id)
            FROM old_rows o WHERE o.version_xid = pg_current_xact_id() AND o.document_version IS NOT NULL));%8$s
    END IF;
    RETURN NULL;
END $body$ $sql$, function_name || '_deleted', history, columns, old_columns, type_of,
        CASE WHEN resource_type IS NULL THEN 'h.resource_type = o.resource_type AND ' ELSE '' END || 'h.fhir_id = o.fhir_id',
        store, index_deletes);

    EXECUTE format('CREATE OR REPLACE TRIGGER fhir_20_version_insert BEFORE INSERT ON %s FOR EACH ROW
        EXECUTE FUNCTION public.fhir_before_insert(%s)', versioned, argument);
    EXECUTE format('CREATE OR REPLACE TRIGGER fhir_20_version_update BEFORE UPDATE ON %s FOR EACH ROW
        EXECUTE FUNCTION public.fhir_before_update()', versioned);
    EXECUTE format('CREATE OR REPLACE TRIGGER fhir_30_history_insert AFTER INSERT ON %s
        REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.%I()',
        versioned, function_name || '_inserted');
    EXECUTE format('CREATE OR REPLACE TRIGGER fhir_30_history_update AFTER UPDATE ON %s
        REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.%I()',
        versioned, function_name || '_updated');
    EXECUTE format('CREATE OR REPLACE TRIGGER fhir_30_history_delete AFTER DELETE ON %s
        REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION public.%I()',
        versioned, function_name || '_deleted');
    EXECUTE format('CREATE OR REPLACE TRIGGER fhir_90_refuse_truncate BEFORE TRUNCATE ON %s
        FOR EACH STATEMENT EXECUTE FUNCTION public.fhir_refuse_truncate()', versioned);
END $$;

SELECT fhir_version_table('public.fhir_patients', 'history.fhir_patients', 'Patient', 'phi');
SELECT fhir_version_table('public.fhir_observations', 'history.fhir_observations', 'Observation', 'phi');
SELECT fhir_version_table('public.fhir_practitioners', 'history.fhir_practitioners', 'Practitioner', 'open');
SELECT fhir_version_table('public.fhir_facilities', 'history.fhir_facilities', 'Location', 'open');
SELECT fhir_version_table('public.organizations', 'history.organizations', 'Organization', 'open');
SELECT fhir_version_table('public.manufacturers', 'history.manufacturers', 'Organization', 'open');
SELECT fhir_version_table('public.user_organizations', 'history.user_organizations', 'PractitionerRole', 'open');
SELECT fhir_version_table('phi.fhir_resources', 'history.phi_fhir_resources', NULL, 'phi');
SELECT fhir_version_table('open.fhir_resources', 'history.open_fhir_resources', NULL, 'open');
