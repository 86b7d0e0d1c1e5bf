-- What callers without PHI rights may see: a third store of views, which has the tables of the others (ADR 0019).
--
-- business.<table> are the rows of a table that belong to the caller, business_history.<table> their replaced rows, both without
-- what is withheld. Documents and index rows hold what clients said in their own words: here they are empty, and so is every type
-- that is not shown. Views read with the rights of their owner: the role fhir_business has no rights on any table but to add to
-- the audit trail. Who the caller is says the session: fhir.caller (a name), and fhir.manufacturer or fhir.sales_representative
-- (the logical id of an Organization or a Practitioner). Without these there are no rows.
ALTER TABLE fhir_audit_logs ADD COLUMN caller text; -- who it was, where no user of the portal is known

CREATE SCHEMA business;
CREATE SCHEMA business_history;
CREATE SCHEMA business_private;

-- The key of opaque ids, never readable by anybody who sees them: with it patients could be guessed. Kept as the two pads of HMAC.
CREATE TABLE business_private.opaque_key (inner_pad bytea NOT NULL, outer_pad bytea NOT NULL);
DO $do$
DECLARE
    secret bytea := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
        || sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
    inner_pad bytea := secret;
    outer_pad bytea := secret;
BEGIN
    FOR place IN 0..63 LOOP
        inner_pad := set_byte(inner_pad, place, get_byte(secret, place) # 54);
        outer_pad := set_byte(outer_pad, place, get_byte(secret, place) # 92);
    END LOOP;
    INSERT INTO business_private.opaque_key VALUES (inner_pad, outer_pad);
END $do$;

-- A state in the portal's own words is shown if it is one of these: any other may be a sentence about somebody.
CREATE FUNCTION business.is_listed(said text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN lower(regexp_replace(btrim(said, E' \t\r\n\f\x0b'), '[ \t\r\n\f\v_-]+', '_', 'g')) IN (
        'accepted', 'acknowledged', 'active', 'adjusted', 'appealed', 'approved', 'archived', 'asap', 'assigned', 'awaiting',
        'awaiting_signature', 'backordered', 'calculated', 'canceled', 'cancelled', 'clawback', 'closed', 'completed',
        'compliant', 'confirmed', 'converted', 'covered', 'critical', 'declined', 'deferred', 'deleted', 'delivered',
        'denied', 'discontinued', 'dismissed', 'disputed', 'draft', 'eligible', 'emergency', 'entered_in_error', 'error',
        'expired', 'failed', 'failed_policy', 'false', 'false_positive', 'fulfilled', 'high', 'ignored', 'in_production',
        'in_progress', 'in_review', 'in_transit', 'inactive', 'incomplete', 'ineligible', 'ivr_confirmed', 'ivr_sent',
        'label_created', 'lost', 'low', 'medium', 'modified', 'more_info_needed', 'needs_documentation', 'needs_info',
        'needs_review', 'new', 'normal', 'not_covered', 'not_found', 'not_met', 'not_required', 'on_hold', 'open', 'opened',
        'ordered', 'out_for_delivery', 'paid', 'partial', 'partially_approved', 'partially_paid', 'partially_shipped',
        'passed', 'pending', 'pending_approval', 'pending_ivr', 'processing', 'prospect', 'queued', 're_signed', 'ready',
        'ready_for_review', 'ready_to_ship', 'received', 'refunded', 'rejected', 'resolved', 'returned', 'reversed',
        'routine', 'rush', 'same_day', 'sent', 'sent_to_manufacturer', 'shipped', 'signed', 'snoozed', 'standard', 'stat',
        'submitted', 'suspended', 'terminated', 'timeout', 'true', 'undeliverable', 'under_review', 'urgent', 'valid',
        'validating', 'verification', 'verified', 'viewed', 'void', 'voided', 'withdrawn'
    );

-- Who the caller is, and what is his. Nobody but the views below reads these.
CREATE VIEW business_private.manufacturer AS
    SELECT m.id, m.fhir_id FROM public.manufacturers m
    WHERE m.deleted_at IS NULL AND public.fhir_logical_id(m.fhir_id) = current_setting('fhir.manufacturer', true);
CREATE VIEW business_private.representative AS
    SELECT p.user_id FROM public.fhir_practitioners p
    WHERE p.deleted_at IS NULL AND p.user_id IS NOT NULL
        AND (p.fhir_id = current_setting('fhir.sales_representative', true)
             OR ((p.fhir_id ~ '[^-.A-Za-z0-9]' OR octet_length(p.fhir_id) NOT BETWEEN 1 AND 64)
                 AND public.fhir_minted_id(p.fhir_id) = current_setting('fhir.sales_representative', true)));
CREATE VIEW business_private.organizations AS
    SELECT o.id FROM public.organizations o JOIN business_private.representative s ON s.user_id = o.sales_rep_id
    WHERE o.deleted_at IS NULL;
CREATE VIEW business_private.represented AS
    SELECT r.id FROM public.product_requests r JOIN business_private.organizations o ON o.id = r.organization_id;
CREATE VIEW business_private.requests AS
    SELECT o.product_request_id AS id FROM public.orders o JOIN business_private.manufacturer m ON m.id = o.manufacturer_id
    WHERE o.deleted_at IS NULL
    UNION SELECT id FROM business_private.represented;
CREATE VIEW business_private.orders AS
    SELECT o.id FROM public.orders o JOIN business_private.manufacturer m ON m.id = o.manufacturer_id
    UNION SELECT o.id FROM public.orders o JOIN business_private.represented r ON r.id = o.product_request_id;

-- Tables that have no rows here, with the columns of another.
CREATE FUNCTION fhir_make_empty_view(place text, name text, model regclass) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    columns text;
BEGIN
    SELECT string_agg(format('NULL::%s%s AS %I', format_type(a.atttypid, NULL),
               CASE WHEN a.attcollation <> t.typcollation THEN ' COLLATE ' || a.attcollation::regcollation ELSE '' END,
               a.attname), ', ' ORDER BY a.attnum)
        INTO columns
        FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid = model AND a.attnum > 0 AND NOT a.attisdropped;
    EXECUTE format('DROP VIEW IF EXISTS %I.%I', place, name);
    -- Searches tell index rows of one resource apart by their place.
    EXECUTE format('CREATE VIEW %I.%I AS SELECT %s, NULL::tid AS ctid WHERE false', place, name, columns);
END $$;

-- Shows a table of resources, or shows it differently. `shown` says how a column is shown: 'as it is'; 'id', the logical id for the id
-- of a row; 'patient', an id that only this caller knows; 'listed', if the word is a known one; 'code', if it has no blanks; anything
-- else is an expression on the row `r`. Columns that it does not name are withheld: they are there, and NULL. `own` is the condition
-- that a row `r` is the caller's; of an old version it must hold too, and of the row as it is now.
CREATE FUNCTION fhir_show_to_business(name text, shown jsonb, own text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    live regclass := format('public.%I', name)::regclass;
    columns text;
    unknown text;
BEGIN
    shown := shown || '{"fhir_id": "id", "resource_key": "as it is", "version_id": "as it is", "updated_at": "as it is",
                        "deleted_at": "as it is"}';
    SELECT string_agg(asked, ', ') INTO unknown FROM jsonb_object_keys(shown) AS asked
        WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = live AND a.attname = asked AND NOT a.attisdropped);
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION '% has no column %', name, unknown USING ERRCODE = 'undefined_column';
    END IF;
    SELECT string_agg(format('(%s)::%s%s AS %I',
               CASE shown ->> a.attname
                   WHEN 'as it is' THEN format('r.%I', a.attname)
                   WHEN 'id' THEN format('public.fhir_logical_id(r.%I)', a.attname)
                   WHEN 'patient' THEN format($sql$(SELECT encode(sha256(k.outer_pad || sha256(k.inner_pad
                       || convert_to(current_setting('fhir.caller', true) || E'\n' || r.%I, 'UTF8'))), 'hex')
                       FROM business_private.opaque_key k)$sql$, a.attname)
                   WHEN 'listed' THEN format('CASE WHEN business.is_listed(r.%1$I) THEN r.%1$I END', a.attname)
                   WHEN 'code' THEN format($sql$CASE WHEN r.%1$I ~ '^[A-Za-z0-9._/#-]{1,70}$' THEN r.%1$I END$sql$, a.attname)
                   ELSE coalesce(shown ->> a.attname, 'NULL')
               END,
               format_type(a.atttypid, NULL),
               CASE WHEN a.attcollation <> t.typcollation THEN ' COLLATE ' || a.attcollation::regcollation ELSE '' END,
               a.attname), ', ' ORDER BY a.attnum)
        INTO columns
        FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid = live AND a.attnum > 0 AND NOT a.attisdropped;
    EXECUTE format('DROP VIEW IF EXISTS business.%I, business_history.%I', name, name);
    EXECUTE format('CREATE VIEW business.%1$I WITH (security_barrier) AS SELECT %2$s FROM public.%1$I r WHERE %3$s',
        name, columns, own);
    EXECUTE format('CREATE VIEW business_history.%1$I WITH (security_barrier) AS SELECT %2$s FROM history.%1$I r
        WHERE (%3$s) AND r.fhir_id IN (SELECT r.fhir_id FROM public.%1$I r WHERE %3$s)', name, columns, own);
    PERFORM public.fhir_grant();
END $$;
REVOKE EXECUTE ON FUNCTION fhir_make_empty_view(text, text, regclass), fhir_show_to_business(text, jsonb, text) FROM PUBLIC;

-- The role reads these views and nothing else. A table that a grant of an older version opened is closed again.
ALTER FUNCTION fhir_grant() RENAME TO fhir_grant_tables;
CREATE FUNCTION fhir_grant() RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    place text;
    found_table record;
BEGIN
    PERFORM public.fhir_grant_tables();
    IF to_regrole('fhir_business') IS NULL THEN
        RETURN;
    END IF;
    FOREACH place IN ARRAY ARRAY['public', 'phi', 'open', 'history'] LOOP
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM fhir_business', place);
    END LOOP;
    -- Rights on single columns are not taken back with those on tables.
    FOR found_table IN
        SELECT a.attrelid::regclass AS name, string_agg(quote_ident(a.attname), ', ') AS columns
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid, aclexplode(a.attacl) AS entry
        WHERE entry.grantee = to_regrole('fhir_business') AND c.relkind IN ('r', 'p')
        GROUP BY a.attrelid
    LOOP
        EXECUTE format('REVOKE ALL (%s) ON %s FROM fhir_business', found_table.columns, found_table.name);
    END LOOP;
    REVOKE ALL ON SCHEMA open FROM fhir_business;
    GRANT USAGE ON SCHEMA public, business, business_history TO fhir_business;
    GRANT SELECT ON ALL TABLES IN SCHEMA business, business_history TO fhir_business;
    GRANT INSERT ON public.fhir_audit_logs TO fhir_business;
    GRANT USAGE ON SEQUENCE public.fhir_audit_logs_id_seq TO fhir_business;
END $$;
REVOKE EXECUTE ON FUNCTION fhir_grant() FROM PUBLIC;

-- Both stores of resources have the same tables.
SELECT fhir_make_empty_view('business', relname, oid) FROM pg_class
    WHERE relnamespace = 'phi'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition;
SELECT fhir_make_empty_view('business_history', 'phi_fhir_resources', 'history.phi_fhir_resources');
SELECT fhir_make_empty_view('business_history', 'open_fhir_resources', 'history.open_fhir_resources');
SELECT fhir_make_empty_view('business', 'fhir_tombstones', 'fhir_tombstones');
SELECT fhir_make_empty_view('business', 'fhir_ucum_units', 'fhir_ucum_units');

SELECT fhir_show_to_business('orders',
    '{"order_number": "code", "product_request_fhir_id": "id", "manufacturer_fhir_id": "id", "patient_fhir_id": "patient",
      "requester_fhir_id": "id", "total_amount": "as it is", "status": "listed", "priority": "listed",
      "expected_ship_date": "as it is", "tracking_number": "code", "shipping_carrier": "as it is", "created_at": "as it is"}',
    'r.manufacturer_id = ANY (ARRAY(SELECT m.id FROM business_private.manufacturer m))
     OR r.product_request_id = ANY (ARRAY(SELECT q.id FROM business_private.represented q))');

-- An old version of a line whose order was somebody else's then is not shown.
SELECT fhir_show_to_business('order_items',
    '{"quantity": "as it is", "unit_price": "as it is", "total_price": "as it is", "line_number": "as it is",
      "order_fhir_id": "id", "order_number": "code", "line_identifier": "code", "order_status": "listed",
      "order_created_at": "as it is", "manufacturer_fhir_id": "id", "patient_fhir_id": "patient", "requester_fhir_id": "id",
      "facility_fhir_id": "id", "recipient_fhir_id": "patient", "product_snapshot": "as it is", "created_at": "as it is"}',
    'r.order_id = ANY (ARRAY(SELECT o.id FROM business_private.orders o))
     AND (r.manufacturer_fhir_id = ANY (ARRAY(SELECT m.fhir_id FROM business_private.manufacturer m))
          OR EXISTS (SELECT FROM business_private.representative))');

SELECT fhir_show_to_business('product_requests',
    '{"request_number": "code", "patient_fhir_id": "patient", "requester_fhir_id": "id", "organization_fhir_id": "id",
      "facility_fhir_id": "id", "status": "listed", "priority": "listed", "submitted_at": "as it is",
      "completed_at": "as it is", "product_name": "as it is", "product_hcpcs_code": "as it is", "product_sku": "as it is",
      "has_several_products": "as it is", "created_at": "as it is"}',
    'r.id = ANY (ARRAY(SELECT q.id FROM business_private.requests q))
     AND (r.organization_id = ANY (ARRAY(SELECT o.id FROM business_private.organizations o))
          OR EXISTS (SELECT FROM business_private.manufacturer))');

SELECT fhir_show_to_business('products',
    '{"name": "as it is", "sku": "as it is", "upc": "as it is", "hcpcs_code": "as it is", "unit_of_measure": "as it is",
      "status": "listed", "requires_prior_auth": "as it is", "manufacturer_fhir_id": "id", "created_at": "as it is"}',
    'r.manufacturer_id = ANY (ARRAY(SELECT m.id FROM business_private.manufacturer m))
     OR EXISTS (SELECT FROM business_private.representative)');

SELECT fhir_show_to_business('manufacturers',
    '{"name": "as it is", "display_name": "as it is", "code": "as it is", "website": "as it is", "status": "listed",
      "created_at": "as it is"}',
    'r.id = ANY (ARRAY(SELECT m.id FROM business_private.manufacturer m)) OR EXISTS (SELECT FROM business_private.representative)');

SELECT fhir_show_to_business('organizations',
    '{"name": "as it is", "type": "code", "status": "listed", "city": "as it is", "region": "as it is",
      "postal_code": "as it is", "country": "as it is", "created_at": "as it is"}',
    'r.id = ANY (ARRAY(SELECT o.id FROM business_private.organizations o))
     OR r.id = ANY (ARRAY(SELECT p.organization_id FROM public.product_requests p JOIN business_private.requests q ON q.id = p.id))');

-- Where a patient lives may be a Location too.
SELECT fhir_show_to_business('fhir_facilities',
    '{"name": "as it is", "type": "code", "status": "listed", "organization_fhir_id": "id", "created_at": "as it is"}',
    $own$coalesce(r.type, '') !~* '\m(ptres|home|residence|patient)'
     AND (r.organization_id = ANY (ARRAY(SELECT o.id FROM business_private.organizations o))
          OR r.id = ANY (ARRAY(SELECT p.facility_id FROM public.product_requests p
                               JOIN business_private.requests q ON q.id = p.id)))$own$);

SELECT fhir_show_to_business('fhir_practitioners',
    $shown${"active": "as it is", "npi_number": "code", "created_at": "as it is",
      "user_snapshot": "jsonb_build_object('first_name', r.user_snapshot -> 'first_name', 'last_name', r.user_snapshot -> 'last_name', 'npi_number', r.user_snapshot -> 'npi_number')"}$shown$,
    'r.user_id = ANY (ARRAY(SELECT p.user_id FROM public.product_requests p JOIN business_private.requests q ON q.id = p.id
                            UNION SELECT w.user_id FROM public.user_organizations w
                                  JOIN business_private.organizations o ON o.id = w.organization_id
                            UNION SELECT s.user_id FROM business_private.representative s))');

SELECT fhir_show_to_business('user_organizations',
    '{"role": "code", "practitioner_fhir_id": "id", "organization_fhir_id": "id", "created_at": "as it is"}',
    'r.organization_id = ANY (ARRAY(SELECT o.id FROM business_private.organizations o))
     OR (r.user_id, r.organization_id) IN (SELECT p.user_id, p.organization_id FROM public.product_requests p
                                           JOIN business_private.requests q ON q.id = p.id)');

SELECT fhir_show_to_business('order_shipments',
    '{"order_number": "code", "status": "listed", "tracking_number": "code", "shipping_carrier": "as it is",
      "manufacturer_fhir_id": "id", "order_fhir_id": "id", "facility_fhir_id": "id", "patient_fhir_id": "patient",
      "line_fhir_ids": "as it is", "shipped_at": "as it is", "created_at": "as it is"}',
    'r.source_id = ANY (ARRAY(SELECT o.id FROM business_private.orders o))
     AND (r.manufacturer_fhir_id = ANY (ARRAY(SELECT m.fhir_id FROM business_private.manufacturer m))
          OR EXISTS (SELECT FROM business_private.representative))');

-- What somebody earns is told to nobody else.
SELECT fhir_show_to_business('commission_records',
    '{"sales_rep_fhir_id": "id", "order_fhir_id": "id", "organization_fhir_id": "id", "commission_type": "code",
      "base_amount": "as it is", "commission_rate": "as it is", "commission_amount": "as it is", "tier_level": "code",
      "period_month": "as it is", "period_year": "as it is", "status": "listed", "paid_at": "as it is",
      "created_at": "as it is"}',
    'r.sales_rep_id = ANY (ARRAY(SELECT s.user_id FROM business_private.representative s))');

SELECT fhir_grant();
