-- Audit trails, one partition a month. The portal's description lets audit rows go with what they describe (CASCADE) or lose
-- their user (SET NULL); an audit that can vanish or forget who acted is none, so both references RESTRICT here. Orders and
-- users are deleted softly anyway. The ids come from plain sequences: before PostgreSQL 17 a partitioned table has no identity.

CREATE SEQUENCE order_audit_logs_id_seq;
CREATE TABLE order_audit_logs (
    id bigint NOT NULL DEFAULT nextval('order_audit_logs_id_seq'),
    order_id bigint NOT NULL,
    user_id bigint,
    action varchar(100) NOT NULL,
    old_values jsonb,
    new_values jsonb,
    ip_address varchar(45),
    user_agent text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, created_at),
    FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE RESTRICT,
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT
) PARTITION BY RANGE (created_at);
CREATE INDEX order_audit_logs_order_id ON order_audit_logs (order_id);
CREATE INDEX order_audit_logs_action ON order_audit_logs (action);
CREATE INDEX order_audit_logs_created_at ON order_audit_logs (created_at);
ALTER SEQUENCE order_audit_logs_id_seq OWNED BY order_audit_logs.id;
CREATE TABLE order_audit_logs_default PARTITION OF order_audit_logs DEFAULT;
CREATE INDEX order_audit_logs_user_id ON order_audit_logs (user_id);

CREATE SEQUENCE fhir_audit_logs_id_seq;
CREATE TABLE fhir_audit_logs (
    id bigint NOT NULL DEFAULT nextval('fhir_audit_logs_id_seq'),
    resource_type varchar(50) NOT NULL,
    resource_id varchar(100) NOT NULL,
    operation varchar(20) NOT NULL,
    user_id bigint,
    ip_address varchar(45),
    user_agent text,
    outcome varchar(20),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, created_at),
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT
) PARTITION BY RANGE (created_at);
CREATE INDEX fhir_audit_logs_resource_type ON fhir_audit_logs (resource_type);
CREATE INDEX fhir_audit_logs_operation ON fhir_audit_logs (operation);
CREATE INDEX fhir_audit_logs_created_at ON fhir_audit_logs (created_at);
ALTER SEQUENCE fhir_audit_logs_id_seq OWNED BY fhir_audit_logs.id;
CREATE TABLE fhir_audit_logs_default PARTITION OF fhir_audit_logs DEFAULT;
CREATE INDEX fhir_audit_logs_user_id ON fhir_audit_logs (user_id);
