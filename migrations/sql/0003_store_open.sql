-- The generic store for resources without protected health information: identity and version in fhir_resources, the JSON text of each version in documents, and
-- what the documents say under each search parameter in the index tables.

CREATE SCHEMA open;

CREATE TABLE open.fhir_resources (
    resource_type text COLLATE "C" NOT NULL,
    fhir_id text COLLATE "C" NOT NULL,
    patient_fhir_id text COLLATE "C",
    resource_key bigint NOT NULL DEFAULT nextval('public.fhir_resource_key'),
    version_id bigint NOT NULL DEFAULT 1,
    version_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    updated_at timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
    deleted_at timestamptz,
    document_version bigint,
    PRIMARY KEY (resource_type, fhir_id)
);
CREATE UNIQUE INDEX fhir_resources_resource_key ON open.fhir_resources (resource_key);
CREATE INDEX fhir_resources_updated_at ON open.fhir_resources (resource_type, updated_at DESC, fhir_id DESC);
CREATE INDEX fhir_resources_patient ON open.fhir_resources (patient_fhir_id, resource_type, fhir_id)
    WHERE patient_fhir_id IS NOT NULL;
CREATE INDEX fhir_resources_pending ON open.fhir_resources (document_version, version_id, resource_key) WHERE document_version < version_id;

CREATE TABLE open.documents (
    resource_type text COLLATE "C" NOT NULL,
    fhir_id text COLLATE "C" NOT NULL,
    version_id bigint NOT NULL,
    document json NOT NULL, -- json, not jsonb: key order and the text of numbers are the client's
    method text NOT NULL,
    PRIMARY KEY (resource_type, fhir_id, version_id)
);

CREATE TABLE open.token_index (
    parameter integer NOT NULL,
    system text COLLATE "C",
    code text COLLATE "C" NOT NULL,
    resource_key bigint NOT NULL
);
CREATE INDEX token_index_value ON open.token_index (parameter, code, resource_key);
CREATE INDEX token_index_resource_key ON open.token_index (resource_key, parameter);

CREATE TABLE open.string_index (
    parameter integer NOT NULL,
    value text COLLATE "C" NOT NULL,
    normal text COLLATE "C" NOT NULL,
    resource_key bigint NOT NULL
);
CREATE INDEX string_index_value ON open.string_index (parameter, "left"(normal, 200), resource_key);
CREATE INDEX string_index_resource_key ON open.string_index (resource_key, parameter);

CREATE TABLE open.reference_index (
    parameter integer NOT NULL,
    target_type text COLLATE "C",
    target_id text COLLATE "C",
    target_version text COLLATE "C",
    url text COLLATE "C",
    identifier_system text COLLATE "C",
    identifier_value text COLLATE "C",
    resource_key bigint NOT NULL
);
CREATE INDEX reference_index_value ON open.reference_index (parameter, target_id, target_type, resource_key);
CREATE INDEX reference_index_target ON open.reference_index (target_type, target_id);
CREATE INDEX reference_index_url ON open.reference_index (parameter, url, resource_key) WHERE url IS NOT NULL;
CREATE INDEX reference_index_identifier ON open.reference_index (parameter, identifier_value, resource_key) WHERE identifier_value IS NOT NULL;
CREATE INDEX reference_index_resource_key ON open.reference_index (resource_key, parameter);

CREATE TABLE open.date_index (
    parameter integer NOT NULL,
    low timestamptz NOT NULL,
    high timestamptz NOT NULL,
    resource_key bigint NOT NULL
);
CREATE INDEX date_index_value ON open.date_index (parameter, low, high, resource_key);
CREATE INDEX date_index_resource_key ON open.date_index (resource_key, parameter);

CREATE TABLE open.number_index (
    parameter integer NOT NULL,
    low numeric NOT NULL,
    high numeric NOT NULL,
    resource_key bigint NOT NULL
);
CREATE INDEX number_index_value ON open.number_index (parameter, low, high, resource_key);
CREATE INDEX number_index_resource_key ON open.number_index (resource_key, parameter);

CREATE TABLE open.quantity_index (
    parameter integer NOT NULL,
    low numeric,
    high numeric,
    system text COLLATE "C",
    code text COLLATE "C",
    unit text COLLATE "C",
    resource_key bigint NOT NULL
);
CREATE INDEX quantity_index_value ON open.quantity_index (parameter, low, high, resource_key);
CREATE INDEX quantity_index_code ON open.quantity_index (parameter, code, low, resource_key);
CREATE INDEX quantity_index_resource_key ON open.quantity_index (resource_key, parameter);

CREATE TABLE open.uri_index (
    parameter integer NOT NULL,
    uri text COLLATE "C" NOT NULL,
    resource_key bigint NOT NULL
);
CREATE INDEX uri_index_value ON open.uri_index (parameter, uri, resource_key);
CREATE INDEX uri_index_resource_key ON open.uri_index (resource_key, parameter);
