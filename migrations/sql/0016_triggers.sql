-- Every change of a status goes by the rules and is written down, whoever makes it.
--
-- Settings of the session, all optional:
--   portal.user_id    who changes it, for the audit row
--   portal.repair     'on' lets the owner of the tables set any status; the audit row says so

CREATE FUNCTION lifecycle.is_repair() RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    -- session_user: inside a SECURITY DEFINER function everybody is the owner
    RETURN coalesce(current_setting('portal.repair', true), '') = 'on'
        AND pg_has_role(session_user, (SELECT c.relowner FROM pg_class c WHERE c.oid = 'public.orders'::regclass), 'USAGE');

CREATE FUNCTION lifecycle.before_status() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    facts jsonb;
    problems jsonb;
    kind text;
    request bigint;
BEGIN
    -- A reason belongs to one step. A FHIR write says everything anew; in other writes an old reason is no new one.
    IF NEW.status_reason IS NOT DISTINCT FROM OLD.status_reason AND NEW.document_version IS NOT DISTINCT FROM OLD.document_version THEN
        NEW.status_reason := NULL;
    END IF;
    IF lifecycle.is_repair() THEN
        RETURN NEW;
    END IF;
    IF TG_TABLE_NAME = 'orders' THEN
        kind := 'order';
        request := NEW.product_request_id;
        IF EXISTS (SELECT FROM jsonb_array_elements(lifecycle.order_lines(NEW.id)) AS line
                   WHERE (line ->> 'requires_authorization')::boolean) THEN
            -- Two orders must not take the same units at once. No row lock: who changes the request waits for its orders.
            PERFORM pg_advisory_xact_lock(hashtextextended('lifecycle.authorizations', request));
            PERFORM FROM public.prior_authorizations a WHERE a.product_request_id = request FOR SHARE;
        END IF;
        facts := lifecycle.order_facts(NEW, OLD.status);
    ELSE
        kind := 'product-request';
        facts := lifecycle.request_facts(NEW, OLD.status);
    END IF;
    IF NEW.status IS NULL THEN
        problems := lifecycle.problem('unknown-status', 'The status cannot be taken away.', 'status');
    ELSE
        problems := lifecycle.decide(facts, NEW.status) -> 'problems';
    END IF;
    IF problems <> '[]' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation', CONSTRAINT = 'lifecycle', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA, DETAIL = NEW.fhir_id,
            MESSAGE = (SELECT string_agg(one ->> 'sentence', E'\n' ORDER BY place)
                       FROM jsonb_array_elements(problems) WITH ORDINALITY AS listed (one, place)),
            COLUMN = (SELECT string_agg(one ->> 'field', ',' ORDER BY place)
                      FROM jsonb_array_elements(problems) WITH ORDINALITY AS listed (one, place));
    END IF;
    RETURN NEW;
END $$;

-- After the copies of 10, which the guards read; before the version of 20.
CREATE TRIGGER fhir_15_lifecycle BEFORE UPDATE ON product_requests FOR EACH ROW
    WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION lifecycle.before_status();
CREATE TRIGGER fhir_15_lifecycle BEFORE UPDATE ON orders FOR EACH ROW
    WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION lifecycle.before_status();

-- What an audit row shows of a row: no patient, no free text.
CREATE FUNCTION lifecycle.shown(of_row jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(jsonb_object_agg(shown.key, shown.value), '{}') FROM jsonb_each(of_row) AS shown
    WHERE shown.key IN ('status', 'priority', 'manufacturer_id', 'product_request_id', 'total_amount', 'expected_ship_date',
                        'tracking_number', 'shipping_carrier', 'submitted_at', 'completed_at', 'organization_id', 'facility_id')
$$;

CREATE FUNCTION lifecycle.after_status() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    before jsonb := lifecycle.shown(to_jsonb(OLD));
    after jsonb := lifecycle.shown(to_jsonb(NEW));
    said_user text := current_setting('portal.user_id', true);
BEGIN
    INSERT INTO public.order_audit_logs (order_id, product_request_id, user_id, action, old_values, new_values)
    VALUES (
        CASE WHEN TG_TABLE_NAME = 'orders' THEN NEW.id END,
        CASE WHEN TG_TABLE_NAME = 'product_requests' THEN NEW.id END,
        (SELECT u.id FROM public.users u WHERE u.id = CASE WHEN said_user ~ '^[0-9]{1,18}$' THEN said_user::bigint END),
        CASE WHEN lifecycle.is_repair() THEN 'status_repaired' ELSE 'status_changed' END,
        (SELECT jsonb_object_agg(b.key, b.value) FROM jsonb_each(before) b WHERE b.value IS DISTINCT FROM after -> b.key),
        (SELECT jsonb_object_agg(a.key, a.value) FROM jsonb_each(after) a WHERE a.value IS DISTINCT FROM before -> a.key));
    RETURN NULL;
END $$;
CREATE TRIGGER fhir_60_audit_status AFTER UPDATE ON product_requests FOR EACH ROW
    WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION lifecycle.after_status();
CREATE TRIGGER fhir_60_audit_status AFTER UPDATE ON orders FOR EACH ROW
    WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION lifecycle.after_status();

-- The server reads facts and takes steps; the portal needs nothing of this schema.
CREATE OR REPLACE FUNCTION lifecycle.grant_app() RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF to_regrole('fhir_app') IS NOT NULL THEN
        GRANT USAGE ON SCHEMA lifecycle TO fhir_app;
        GRANT SELECT ON ALL TABLES IN SCHEMA lifecycle TO fhir_app;
    END IF;
END $$;
SELECT lifecycle.grant_app();
