-- What products, requests, orders and lines show of each other is copied into their own rows, in the order of the graph:
-- practitioners → requests → orders → lines, and products → lines. A copy that changes is an UPDATE, which makes a version.
--
-- Who inserts a row or changes what it belongs to first locks the row that it copies from: a transaction that changes that one at
-- the same time waits, or is waited for, and the later one sees both. The copies themselves need no such lock: each side changes
-- its own row before it updates the copy, and the row of the copy is what the second one waits for.
--
-- Sessions keep the plans of their first statements, perhaps made while the tables were empty: hence the settings.

-- Why a FHIR write cannot be a row. The server finds the element by the column.
CREATE FUNCTION fhir_refuse_write(place text, column_name text, id text, reason text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION USING MESSAGE = reason, ERRCODE = 'check_violation', TABLE = place, COLUMN = column_name, DETAIL = id,
        CONSTRAINT = 'fhir_written';
END $$;

CREATE FUNCTION fhir_practitioner_of_user(worker bigint) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
    SELECT p.fhir_id FROM public.fhir_practitioners p WHERE p.user_id = worker ORDER BY p.deleted_at IS NOT NULL, p.id LIMIT 1
$$;

-- products

CREATE FUNCTION fhir_before_product() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    NEW.manufacturer_fhir_id := (SELECT m.fhir_id FROM public.manufacturers m WHERE m.id = NEW.manufacturer_id);
    RETURN NEW;
END $$;

CREATE FUNCTION fhir_product_snapshot(products) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN jsonb_strip_nulls(jsonb_build_object( -- an explicit list: prices must never be in it
        'name', $1.name, 'sku', $1.sku, 'hcpcs_code', $1.hcpcs_code, 'unit_of_measure', $1.unit_of_measure));

CREATE FUNCTION fhir_project_products() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    touched bigint[] := ARRAY(SELECT id FROM (
        SELECT id, name, sku, hcpcs_code, unit_of_measure FROM new_rows
        EXCEPT SELECT id, name, sku, hcpcs_code, unit_of_measure FROM old_rows) changed);
BEGIN
    IF touched <> '{}' THEN
        UPDATE public.order_items i SET product_snapshot = NULL WHERE i.product_id = ANY (touched);
    END IF;
    RETURN NULL;
END $$;

-- product_requests. A user of the portal and its Practitioner are the same requester, and so with organization and facility: the
-- portal writes its keys, FHIR writes logical ids, and whichever a statement changes wins.

CREATE FUNCTION fhir_before_product_request() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    is_new boolean := TG_OP = 'INSERT';
    found bigint;
BEGIN
    IF (is_new AND NEW.user_id IS NOT NULL) OR (NOT is_new AND NEW.user_id IS DISTINCT FROM OLD.user_id) THEN
        PERFORM FROM public.users u WHERE u.id = NEW.user_id FOR NO KEY UPDATE;
        NEW.requester_fhir_id := public.fhir_practitioner_of_user(NEW.user_id);
    ELSIF is_new OR NEW.requester_fhir_id IS DISTINCT FROM OLD.requester_fhir_id THEN
        found := (SELECT p.user_id FROM public.fhir_practitioners p
                  WHERE p.fhir_id = NEW.requester_fhir_id AND p.deleted_at IS NULL);
        IF found IS NOT NULL THEN
            PERFORM FROM public.users u WHERE u.id = found FOR NO KEY UPDATE;
            NEW.user_id := found;
        ELSIF is_new OR NEW.document_version IS DISTINCT FROM OLD.document_version THEN
            IF NEW.document_version IS NOT NULL THEN
                PERFORM public.fhir_refuse_write('product_requests', 'requester_fhir_id', NEW.fhir_id,
                    'is no practitioner who is a user of the portal');
            END IF;
        ELSE
            NEW.requester_fhir_id := public.fhir_practitioner_of_user(NEW.user_id);
        END IF;
    END IF;

    IF (is_new AND NEW.organization_id IS NOT NULL)
       OR (NOT is_new AND NEW.organization_id IS DISTINCT FROM OLD.organization_id) THEN
        NEW.organization_fhir_id := (SELECT o.fhir_id FROM public.organizations o WHERE o.id = NEW.organization_id);
    ELSIF is_new OR NEW.organization_fhir_id IS DISTINCT FROM OLD.organization_fhir_id THEN
        NEW.organization_id := (SELECT o.id FROM public.organizations o WHERE o.fhir_id = NEW.organization_fhir_id);
    END IF;

    IF (is_new AND NEW.facility_id IS NOT NULL) OR (NOT is_new AND NEW.facility_id IS DISTINCT FROM OLD.facility_id) THEN
        NEW.facility_fhir_id := (SELECT f.fhir_id FROM public.fhir_facilities f WHERE f.id = NEW.facility_id);
    ELSIF is_new OR NEW.facility_fhir_id IS DISTINCT FROM OLD.facility_fhir_id THEN
        NEW.facility_id := (SELECT f.id FROM public.fhir_facilities f WHERE f.fhir_id = NEW.facility_fhir_id);
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION fhir_project_requesters() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    touched bigint[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        touched := ARRAY(SELECT DISTINCT user_id FROM new_rows WHERE user_id IS NOT NULL);
    ELSIF TG_OP = 'DELETE' THEN
        touched := ARRAY(SELECT DISTINCT user_id FROM old_rows WHERE user_id IS NOT NULL);
    ELSE
        touched := ARRAY(
            SELECT user_id FROM (
                SELECT id, user_id, deleted_at IS NULL FROM old_rows
                EXCEPT SELECT id, user_id, deleted_at IS NULL FROM new_rows) replaced
            WHERE user_id IS NOT NULL
            UNION SELECT user_id FROM (
                SELECT id, user_id, deleted_at IS NULL FROM new_rows
                EXCEPT SELECT id, user_id, deleted_at IS NULL FROM old_rows) replacing
            WHERE user_id IS NOT NULL);
    END IF;
    IF touched <> '{}' THEN
        PERFORM FROM public.users u WHERE u.id = ANY (touched) ORDER BY u.id FOR NO KEY UPDATE;
        UPDATE public.product_requests r SET requester_fhir_id = public.fhir_practitioner_of_user(r.user_id)
        WHERE r.user_id = ANY (touched)
            AND r.requester_fhir_id IS DISTINCT FROM public.fhir_practitioner_of_user(r.user_id);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION fhir_project_product_requests() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    touched bigint[] := ARRAY(SELECT id FROM (
        SELECT id, patient_fhir_id, requester_fhir_id FROM new_rows
        EXCEPT SELECT id, patient_fhir_id, requester_fhir_id FROM old_rows) changed);
    moved bigint[] := ARRAY(SELECT id FROM (
        SELECT id, facility_fhir_id FROM new_rows EXCEPT SELECT id, facility_fhir_id FROM old_rows) changed);
BEGIN
    IF touched <> '{}' THEN
        UPDATE public.orders o SET patient_fhir_id = NULL, requester_fhir_id = NULL WHERE o.product_request_id = ANY (touched);
    END IF;
    IF moved <> '{}' THEN
        UPDATE public.order_items i SET facility_fhir_id = NULL
        WHERE i.order_id = ANY (ARRAY(SELECT o.id FROM public.orders o WHERE o.product_request_id = ANY (moved)));
    END IF;
    RETURN NULL;
END $$;

-- orders. Request and manufacturer go both ways; the patient and the requester are those of the request.

CREATE FUNCTION fhir_before_order() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    is_new boolean := TG_OP = 'INSERT';
    is_said boolean := NEW.document_version IS NOT NULL; -- a FHIR write
    moves boolean := is_new;
    request record;
BEGIN
    IF NOT is_new THEN
        is_said := NEW.document_version IS DISTINCT FROM OLD.document_version;
    END IF;
    IF (is_new AND NEW.product_request_id IS NOT NULL)
       OR (NOT is_new AND NEW.product_request_id IS DISTINCT FROM OLD.product_request_id) THEN
        moves := true;
    ELSIF is_new OR (is_said AND NEW.product_request_fhir_id IS DISTINCT FROM OLD.product_request_fhir_id) THEN
        moves := true;
        NEW.product_request_id := (SELECT r.id FROM public.product_requests r
                                   WHERE r.fhir_id = NEW.product_request_fhir_id AND r.deleted_at IS NULL);
        IF NEW.product_request_id IS NULL AND is_said THEN
            PERFORM public.fhir_refuse_write('orders', 'product_request_fhir_id', NEW.fhir_id,
                'is no product request of the portal');
        END IF;
    END IF;
    IF moves THEN
        PERFORM FROM public.product_requests r WHERE r.id = NEW.product_request_id FOR NO KEY UPDATE;
    END IF;
    SELECT r.fhir_id, r.patient_fhir_id, r.requester_fhir_id INTO request
        FROM public.product_requests r WHERE r.id = NEW.product_request_id;
    NEW.product_request_fhir_id := request.fhir_id;
    IF is_said AND NEW.patient_fhir_id IS DISTINCT FROM request.patient_fhir_id
       AND (is_new OR moves OR NEW.patient_fhir_id IS DISTINCT FROM OLD.patient_fhir_id) THEN
        PERFORM public.fhir_refuse_write('orders', 'patient_fhir_id', NEW.fhir_id, 'is not the patient of the product request');
    END IF;
    NEW.patient_fhir_id := request.patient_fhir_id;
    NEW.requester_fhir_id := request.requester_fhir_id;

    IF (is_new AND NEW.manufacturer_id IS NOT NULL)
       OR (NOT is_new AND NEW.manufacturer_id IS DISTINCT FROM OLD.manufacturer_id) THEN
        NULL;
    ELSIF is_new OR (is_said AND NEW.manufacturer_fhir_id IS DISTINCT FROM OLD.manufacturer_fhir_id) THEN
        NEW.manufacturer_id := (SELECT m.id FROM public.manufacturers m
                                WHERE m.fhir_id = NEW.manufacturer_fhir_id AND m.deleted_at IS NULL);
        IF NEW.manufacturer_id IS NULL AND is_said THEN
            PERFORM public.fhir_refuse_write('orders', 'manufacturer_fhir_id', NEW.fhir_id,
                'is no manufacturer of the portal');
        END IF;
    END IF;
    NEW.manufacturer_fhir_id := (SELECT m.fhir_id FROM public.manufacturers m WHERE m.id = NEW.manufacturer_id);
    RETURN NEW;
END $$;

CREATE FUNCTION fhir_project_orders() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    touched bigint[] := ARRAY(SELECT id FROM (
        SELECT id, order_number, status, created_at, product_request_id, manufacturer_fhir_id, patient_fhir_id,
               requester_fhir_id FROM new_rows
        EXCEPT SELECT id, order_number, status, created_at, product_request_id, manufacturer_fhir_id, patient_fhir_id,
               requester_fhir_id FROM old_rows) changed);
BEGIN
    IF touched <> '{}' THEN
        UPDATE public.order_items i SET order_number = NULL WHERE i.order_id = ANY (touched);
    END IF;
    RETURN NULL;
END $$;

-- order_items: all of it goes one way. Nobody else can write the copies, whatever a statement says.

CREATE FUNCTION fhir_before_order_item() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    found record;
    moves boolean := TG_OP = 'INSERT';
BEGIN
    IF NOT moves THEN
        moves := NEW.order_id IS DISTINCT FROM OLD.order_id;
        NEW.line_number := OLD.line_number;
    END IF;
    IF moves THEN
        PERFORM FROM public.orders o WHERE o.id = NEW.order_id FOR NO KEY UPDATE;
        NEW.line_number := 1 + coalesce((SELECT max(i.line_number) FROM public.order_items i WHERE i.order_id = NEW.order_id), 0);
    END IF;
    IF TG_OP = 'INSERT' OR NEW.product_id IS DISTINCT FROM OLD.product_id THEN
        PERFORM FROM public.products p WHERE p.id = NEW.product_id FOR SHARE;
    END IF;
    NEW.product_snapshot := (SELECT public.fhir_product_snapshot(p) FROM public.products p WHERE p.id = NEW.product_id);
    SELECT o.fhir_id, o.order_number, o.status, o.created_at, o.manufacturer_fhir_id, o.patient_fhir_id, o.requester_fhir_id,
           (SELECT r.facility_fhir_id FROM public.product_requests r WHERE r.id = o.product_request_id) AS facility_fhir_id
        INTO found FROM public.orders o WHERE o.id = NEW.order_id;
    NEW.order_fhir_id := found.fhir_id;
    NEW.order_number := found.order_number;
    NEW.line_identifier := found.order_number || '#' || NEW.line_number;
    NEW.order_status := found.status;
    NEW.order_created_at := found.created_at;
    NEW.manufacturer_fhir_id := found.manufacturer_fhir_id;
    NEW.patient_fhir_id := found.patient_fhir_id;
    NEW.requester_fhir_id := found.requester_fhir_id;
    NEW.facility_fhir_id := found.facility_fhir_id;
    -- What goes to the clinic does not go to the patient.
    NEW.recipient_fhir_id := CASE WHEN found.facility_fhir_id IS NULL THEN found.patient_fhir_id END;
    RETURN NEW;
END $$;
