-- Search parameters that administrators add as SearchParameter resources: what each is for one type, and how far its index rows are.

CREATE TABLE open.search_parameters (
    resource_type text COLLATE "C" NOT NULL,
    code text COLLATE "C" NOT NULL,
    fhir_id text COLLATE "C" NOT NULL, -- of the SearchParameter
    url text COLLATE "C",
    type text COLLATE "C" NOT NULL,
    expression text COLLATE "C" NOT NULL,
    targets text[] COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL DEFAULT 'building' CONSTRAINT search_parameters_state_check
        CHECK (state IN ('building', 'complete', 'removed')),
    since xid8 NOT NULL DEFAULT pg_current_xact_id(), -- the transaction that defined or removed it
    built_to bigint NOT NULL DEFAULT 0, -- resources with keys up to here have their index rows
    PRIMARY KEY (resource_type, code)
);
CREATE INDEX search_parameters_fhir_id ON open.search_parameters (fhir_id);

-- One row: counts every change of the parameters that are served.
CREATE TABLE open.search_parameter_changes (
    counter bigint NOT NULL
);
INSERT INTO open.search_parameter_changes VALUES (0);

-- Every statement that writes index rows asks this: a writer that has not heard of a change starts again. The transaction gets its
-- number before the counter is read. Whoever builds index rows first waits for all transactions with older numbers, so none is missed.
CREATE FUNCTION fhir_require_parameters(known bigint) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_catalog.pg_current_xact_id();
    -- being VOLATILE, this reads what is committed now, not when the statement around it began
    IF known IS DISTINCT FROM (SELECT c.counter FROM open.search_parameter_changes c) THEN
        RAISE EXCEPTION 'the search parameters have changed'
            USING ERRCODE = 'serialization_failure', HINT = 'Read them again and try the transaction again.';
    END IF;
    RETURN true;
END $$;

-- Rows of which only the portal knows. Of a type with added parameters they get a document, and this finds them.
DO $do$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['fhir_patients', 'fhir_practitioners', 'fhir_facilities', 'fhir_observations',
                                'organizations', 'manufacturers', 'user_organizations'] LOOP
        EXECUTE format('CREATE INDEX %1$s_undocumented ON public.%1$I (resource_key)
            WHERE document_version IS NULL AND deleted_at IS NULL', name);
    END LOOP;
END $do$;

SELECT fhir_grant();
