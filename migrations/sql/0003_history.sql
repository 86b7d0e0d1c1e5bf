-- Replaced rows, as typed rows: history.<table> has the columns of its table; the stores' tables carry their schema's name.

CREATE SCHEMA history;

DO $do$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['fhir_patients', 'fhir_practitioners', 'fhir_facilities', 'fhir_observations',
                                'organizations', 'manufacturers', 'user_organizations'] LOOP
        EXECUTE format('CREATE TABLE history.%1$I (LIKE public.%1$I, PRIMARY KEY (fhir_id, version_id))', name);
        EXECUTE format('CREATE INDEX %1$s_updated_at ON history.%1$I (updated_at DESC, fhir_id DESC)', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['phi', 'open'] LOOP
        EXECUTE format($sql$
            CREATE TABLE history.%1$s_fhir_resources
                (LIKE %1$I.fhir_resources, PRIMARY KEY (resource_type, fhir_id, version_id))
        $sql$, name);
        EXECUTE format($sql$
            CREATE INDEX %1$s_fhir_resources_updated_at ON history.%1$s_fhir_resources
                (resource_type, updated_at DESC, fhir_id DESC)
        $sql$, name);
    END LOOP;
END $do$;
