-- Additive columns of the other FHIR tables: copies of what a resource says from other tables (kept by trigger), bounds of
-- partial dates, and the indexes that answer real searches in order.

ALTER TABLE fhir_practitioners ADD COLUMN user_snapshot jsonb; -- the public part of the user: name, e-mail, phone, NPI
CREATE INDEX fhir_practitioners_last_name ON fhir_practitioners
    ((fhir_normalize(user_snapshot ->> 'last_name') COLLATE "C"), fhir_id);
CREATE INDEX fhir_practitioners_first_name ON fhir_practitioners
    ((fhir_normalize(user_snapshot ->> 'first_name') COLLATE "C"), fhir_id);

ALTER TABLE fhir_facilities ADD COLUMN organization_fhir_id varchar(100) COLLATE "C";
CREATE INDEX fhir_facilities_organization_fhir_id ON fhir_facilities (organization_fhir_id);
CREATE INDEX fhir_facilities_normal_name ON fhir_facilities ((fhir_normalize(name) COLLATE "C"), fhir_id);
CREATE INDEX organizations_normal_name ON organizations ((fhir_normalize(name) COLLATE "C"), fhir_id);
CREATE INDEX manufacturers_normal_name ON manufacturers ((fhir_normalize(name) COLLATE "C"), fhir_id);

ALTER TABLE fhir_observations ADD COLUMN effective_end timestamptz; -- exclusive end of "2024-03" or of a Period
-- NULL sorts last in both directions, so it needs a value that a row comparison understands
CREATE INDEX fhir_observations_patient_date ON fhir_observations
    (patient_fhir_id, (coalesce(effective_date_time, '-infinity')) DESC, fhir_id DESC);
CREATE INDEX fhir_observations_patient_code_date ON fhir_observations
    (patient_fhir_id, code, (coalesce(effective_date_time, '-infinity')) DESC, fhir_id DESC);
CREATE INDEX fhir_observations_code_date ON fhir_observations
    (code, (coalesce(effective_date_time, '-infinity')) DESC, fhir_id DESC);
CREATE INDEX fhir_observations_category_date ON fhir_observations
    (category, (coalesce(effective_date_time, '-infinity')) DESC, fhir_id DESC);
CREATE INDEX fhir_patients_birth_day ON fhir_patients (timezone('UTC', birth_date::timestamp));
CREATE INDEX fhir_observations_effective_end ON fhir_observations (effective_end) WHERE effective_end IS NOT NULL;
CREATE INDEX fhir_observations_date ON fhir_observations ((coalesce(effective_date_time, '-infinity')) DESC, fhir_id DESC);

ALTER TABLE user_organizations
    ADD COLUMN practitioner_fhir_id varchar(100) COLLATE "C",
    ADD COLUMN organization_fhir_id varchar(100) COLLATE "C",
    ADD COLUMN role_codes jsonb,
    ADD COLUMN specialty jsonb;
CREATE INDEX user_organizations_practitioner_fhir_id ON user_organizations (practitioner_fhir_id);
CREATE INDEX user_organizations_organization_fhir_id ON user_organizations (organization_fhir_id);

-- A search returns many resources and some accesses concern none; the query itself is PHI and is kept as a digest only.
ALTER TABLE fhir_audit_logs
    ALTER COLUMN resource_id DROP NOT NULL,
    ADD COLUMN entities text[],
    ADD COLUMN query_hash text,
    ADD COLUMN request_id text,
    ADD COLUMN status integer;
CREATE INDEX fhir_audit_logs_resource_id ON fhir_audit_logs (resource_type, resource_id);
CREATE INDEX fhir_audit_logs_entities ON fhir_audit_logs USING gin (entities);
CREATE INDEX fhir_patients_phone ON fhir_patients (phone) WHERE phone IS NOT NULL;
CREATE INDEX fhir_patients_email ON fhir_patients (email) WHERE email IS NOT NULL;
