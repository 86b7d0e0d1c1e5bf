-- What authorizations and validations show of product requests, orders and clinics is copied into their own rows, as orders do it
-- (0012_projections.sql): the portal writes its keys, FHIR writes logical ids, and nobody else can write the copies.

-- prior_authorizations: the request goes both ways, the patient is that of the request.

CREATE FUNCTION fhir_before_prior_authorization() RETURNS trigger
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
    ELSIF (is_new AND is_said) OR (NOT is_new AND is_said AND NEW.product_request_fhir_id IS DISTINCT FROM OLD.product_request_fhir_id) THEN
        moves := true;
        NEW.product_request_id := (SELECT r.id FROM public.product_requests r
                                   WHERE r.fhir_id = NEW.product_request_fhir_id AND r.deleted_at IS NULL);
        IF NEW.product_request_id IS NULL THEN
            PERFORM public.fhir_refuse_write('prior_authorizations', 'product_request_fhir_id', NEW.fhir_id,
                'must name a product request of the portal');
        END IF;
    END IF;
    IF moves THEN
        PERFORM FROM public.product_requests r WHERE r.id = NEW.product_request_id FOR NO KEY UPDATE;
    END IF;
    SELECT r.fhir_id, r.patient_fhir_id INTO request FROM public.product_requests r WHERE r.id = NEW.product_request_id;
    NEW.product_request_fhir_id := request.fhir_id;
    IF is_said AND NEW.patient_fhir_id IS DISTINCT FROM request.patient_fhir_id
       AND (is_new OR moves OR NEW.patient_fhir_id IS DISTINCT FROM OLD.patient_fhir_id) THEN
        PERFORM public.fhir_refuse_write('prior_authorizations', 'patient_fhir_id', NEW.fhir_id,
            'is not the patient of the product request');
    END IF;
    NEW.patient_fhir_id := request.patient_fhir_id;
    RETURN NEW;
END $$;

CREATE FUNCTION fhir_project_authorized_requests() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    touched bigint[] := ARRAY(SELECT id FROM (
        SELECT id, patient_fhir_id FROM new_rows EXCEPT SELECT id, patient_fhir_id FROM old_rows) changed);
BEGIN
    IF touched <> '{}' THEN
        -- The trigger of the authorizations computes the copy.
        UPDATE public.prior_authorizations a SET patient_fhir_id = NULL WHERE a.product_request_id = ANY (touched);
    END IF;
    RETURN NULL;
END $$;

-- medicare_mac_validations: order and clinic go both ways. Logical ids never change, so nothing has to follow.

CREATE FUNCTION fhir_before_mac_validation() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    is_new boolean := TG_OP = 'INSERT';
    is_said boolean := NEW.document_version IS NOT NULL; -- a FHIR write
BEGIN
    IF NOT is_new THEN
        is_said := NEW.document_version IS DISTINCT FROM OLD.document_version;
    END IF;

    IF (is_new AND NEW.order_id IS NOT NULL) OR (NOT is_new AND NEW.order_id IS DISTINCT FROM OLD.order_id) THEN
        NULL;
    ELSIF is_said AND (is_new OR NEW.order_fhir_id IS DISTINCT FROM OLD.order_fhir_id) THEN
        NEW.order_id := (SELECT o.id FROM public.orders o WHERE o.fhir_id = NEW.order_fhir_id AND o.deleted_at IS NULL);
        IF NEW.order_id IS NULL AND NEW.order_fhir_id IS NOT NULL THEN
            PERFORM public.fhir_refuse_write('medicare_mac_validations', 'order_fhir_id', NEW.fhir_id, 'is no order of the portal');
        END IF;
    END IF;
    NEW.order_fhir_id := (SELECT o.fhir_id FROM public.orders o WHERE o.id = NEW.order_id);

    IF (is_new AND NEW.facility_id IS NOT NULL) OR (NOT is_new AND NEW.facility_id IS DISTINCT FROM OLD.facility_id) THEN
        NULL;
    ELSIF is_said AND (is_new OR NEW.facility_fhir_id IS DISTINCT FROM OLD.facility_fhir_id) THEN
        NEW.facility_id := (SELECT f.id FROM public.fhir_facilities f
                            WHERE f.fhir_id = NEW.facility_fhir_id AND f.deleted_at IS NULL);
        IF NEW.facility_id IS NULL AND NEW.facility_fhir_id IS NOT NULL THEN
            PERFORM public.fhir_refuse_write('medicare_mac_validations', 'facility_fhir_id', NEW.fhir_id,
                'is no facility of the portal');
        END IF;
    END IF;
    NEW.facility_fhir_id := (SELECT f.fhir_id FROM public.fhir_facilities f WHERE f.id = NEW.facility_id);
    RETURN NEW;
END $$;
