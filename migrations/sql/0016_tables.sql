-- The rules of requests and orders as tables, in a schema of their own: nobody but the owner of the database changes them, and the
-- triggers read them with the owner's rights.
CREATE SCHEMA lifecycle;
REVOKE ALL ON SCHEMA lifecycle FROM PUBLIC;

CREATE TABLE lifecycle.lifecycles (
    name varchar(50) PRIMARY KEY,
    title varchar(50) NOT NULL,
    first varchar(50) NOT NULL -- where something goes on that was held, when nobody knows where it was
);
CREATE TABLE lifecycle.transitions (
    lifecycle varchar(50) NOT NULL REFERENCES lifecycle.lifecycles (name) ON DELETE RESTRICT,
    place integer NOT NULL,
    action varchar(50) NOT NULL,
    sources text[] NOT NULL,
    target varchar(50) NOT NULL,
    guards text[] NOT NULL,
    PRIMARY KEY (lifecycle, place)
);
-- What a status text means: of requests and orders the text that says the same, of prior authorizations the state, and which orders
-- use nothing of an authorization.
CREATE TABLE lifecycle.texts (
    kind varchar(50) NOT NULL,
    text varchar(50) NOT NULL,
    means varchar(50) NOT NULL,
    PRIMARY KEY (kind, text)
);

-- Why the status is what it is. Free text, so no role without PHI rights reads it.
ALTER TABLE product_requests ADD COLUMN status_reason text;
ALTER TABLE history.product_requests ADD COLUMN status_reason text;
ALTER TABLE orders ADD COLUMN status_reason text;
ALTER TABLE history.orders ADD COLUMN status_reason text;
SELECT fhir_version_table('public.product_requests', 'history.product_requests', 'DeviceRequest', 'phi');
SELECT fhir_version_table('public.orders', 'history.orders', 'Task', 'phi');

-- A request changes its status before it has orders. A row is about an order or about a request.
ALTER TABLE order_audit_logs
    ALTER COLUMN order_id DROP NOT NULL,
    ADD COLUMN product_request_id bigint REFERENCES product_requests (id) ON DELETE RESTRICT,
    ADD CONSTRAINT order_audit_logs_subject CHECK (num_nonnulls(order_id, product_request_id) >= 1);
CREATE INDEX order_audit_logs_product_request_id ON order_audit_logs (product_request_id);
