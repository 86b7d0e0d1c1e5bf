-- The version columns of every table that is a FHIR resource. All have defaults: the portal's own INSERTs stay as they are.

CREATE SEQUENCE fhir_resource_key;
GRANT USAGE ON SEQUENCE fhir_resource_key TO PUBLIC; -- an INSERT by any role takes its key from here

CREATE TABLE fhir_tombstones (
    resource_type text COLLATE "C" NOT NULL,
    fhir_id text COLLATE "C" NOT NULL,
    version_id bigint NOT NULL,
    version_xid xid8 NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (resource_type, fhir_id, version_id)
);
CREATE INDEX fhir_tombstones_updated_at ON fhir_tombstones (updated_at DESC, fhir_id DESC);

-- The portal's trigger would stamp the backfill as a change; the version trigger takes its place.
DO $do$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['fhir_patients', 'fhir_practitioners', 'fhir_facilities', 'fhir_observations',
                                'organizations', 'manufacturers', 'user_organizations'] LOOP
        EXECUTE format('DROP TRIGGER portal_touch ON %I', name);
    END LOOP;
END $do$;

-- Logical ids for the rows that the portal left without one; of rows that share one, the oldest keeps it.

UPDATE organizations SET fhir_id = gen_random_uuid()::text
WHERE fhir_id IS NULL
   OR EXISTS (SELECT FROM organizations older WHERE older.fhir_id = organizations.fhir_id AND older.id < organizations.id);
ALTER TABLE organizations ALTER COLUMN fhir_id SET NOT NULL;
ALTER TABLE manufacturers ADD COLUMN fhir_id varchar(100) COLLATE "C" NOT NULL DEFAULT gen_random_uuid()::text;
ALTER TABLE manufacturers ALTER COLUMN fhir_id DROP DEFAULT;
ALTER TABLE user_organizations ADD COLUMN fhir_id varchar(100) COLLATE "C" NOT NULL DEFAULT gen_random_uuid()::text;
ALTER TABLE user_organizations ALTER COLUMN fhir_id DROP DEFAULT;
DROP INDEX organizations_fhir_id;
ALTER TABLE organizations ADD CONSTRAINT organizations_fhir_id_key UNIQUE (fhir_id);
ALTER TABLE manufacturers ADD CONSTRAINT manufacturers_fhir_id_key UNIQUE (fhir_id);
ALTER TABLE user_organizations ADD CONSTRAINT user_organizations_fhir_id_key UNIQUE (fhir_id);

DO $do$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['fhir_patients', 'fhir_practitioners', 'fhir_facilities', 'fhir_observations',
                                'organizations', 'manufacturers', 'user_organizations'] LOOP
        EXECUTE format($sql$
            UPDATE %I SET updated_at = date_trunc('milliseconds', coalesce(updated_at, created_at, now()))
            WHERE updated_at IS DISTINCT FROM date_trunc('milliseconds', coalesce(updated_at, created_at, now()))
        $sql$, name);
        EXECUTE format($sql$
            ALTER TABLE %1$I
                ALTER COLUMN updated_at SET NOT NULL,
                ADD COLUMN resource_key bigint NOT NULL DEFAULT nextval('public.fhir_resource_key'),
                ADD COLUMN version_id bigint NOT NULL DEFAULT 1,
                ADD COLUMN version_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
                ADD COLUMN document_version bigint
        $sql$, name);
        IF name <> 'organizations' THEN
            EXECUTE format('ALTER TABLE %I ADD COLUMN deleted_at timestamptz', name);
        END IF;
        EXECUTE format('CREATE UNIQUE INDEX %1$s_resource_key ON %1$I (resource_key)', name);
        EXECUTE format('CREATE INDEX %1$s_updated_at ON %1$I (updated_at DESC, fhir_id DESC)', name);
        -- rows that the portal wrote after their last document: they wait to be merged
        EXECUTE format('CREATE INDEX %1$s_pending ON %1$I (document_version, version_id, resource_key) WHERE document_version < version_id', name);
    END LOOP;
END $do$;
