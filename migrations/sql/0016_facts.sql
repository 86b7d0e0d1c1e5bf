-- What is known of an order or a request when its status is about to change; read by the triggers and by the server alike.

-- Days are those of `portal.time_zone` (ALTER DATABASE … SET portal.time_zone = 'America/Chicago'), else of the session.
CREATE FUNCTION lifecycle.day_of(moment timestamptz) RETURNS date
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    RETURN (moment AT TIME ZONE coalesce(nullif(current_setting('portal.time_zone', true), ''), current_setting('TimeZone')))::date;

-- Volatile, all of these: a step waits for a lock first and must see what was committed meanwhile.
CREATE FUNCTION lifecycle.order_lines(of_order bigint) RETURNS jsonb
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'product', p.id::text, 'quantity', i.quantity, 'requires_authorization', coalesce(p.requires_prior_auth, false),
        'total', coalesce(i.total_price, i.unit_price * i.quantity, 0.00)) ORDER BY i.id), '[]')
    FROM public.order_items i JOIN public.products p ON p.id = i.product_id
    WHERE i.order_id = of_order AND i.deleted_at IS NULL
$$;

-- What a request asks for: the lines of its orders that still take anything; before there are any, `products` in clinical_details,
-- an array of {"product_id": …, "quantity": …}.
CREATE FUNCTION lifecycle.request_lines(request bigint, clinical_details jsonb) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found jsonb;
BEGIN
    SELECT coalesce(jsonb_agg(line), '[]') INTO found
        FROM public.orders o CROSS JOIN LATERAL jsonb_array_elements(lifecycle.order_lines(o.id)) AS line
        WHERE o.product_request_id = request AND o.deleted_at IS NULL
            AND (o.status IS NULL OR lifecycle.means('unused', o.status) IS NULL OR lifecycle.normal(o.status) = 'draft');
    IF found <> '[]' OR jsonb_typeof(clinical_details -> 'products') IS DISTINCT FROM 'array' THEN
        RETURN found;
    END IF;
    RETURN (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
            'product', p.id::text, 'quantity', asked.quantity, 'requires_authorization', coalesce(p.requires_prior_auth, false),
            'total', coalesce(p.base_price * asked.quantity, 0.00)) ORDER BY asked.place), '[]')
        FROM (
            SELECT place, one ->> 'product_id' AS product_id,
                   CASE WHEN one -> 'quantity' IS NULL THEN 1
                        WHEN one ->> 'quantity' ~ '^[0-9]{1,6}$' THEN (one ->> 'quantity')::integer ELSE 0 END AS quantity
            FROM jsonb_array_elements(clinical_details -> 'products') WITH ORDINALITY AS listed (one, place)
        ) AS asked JOIN public.products p ON p.id::text = asked.product_id AND p.deleted_at IS NULL);
END $$;

CREATE FUNCTION lifecycle.authorizations(request bigint) RETURNS jsonb
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'id', a.id::text, 'status', a.status, 'number', a.auth_number, 'approved_on', a.approved_date, 'expires_on', a.expiry_date,
        'approved_units', a.approved_units, 'approved_amount', a.approved_amount) ORDER BY a.id), '[]')
    FROM public.prior_authorizations a WHERE a.product_request_id = request AND a.deleted_at IS NULL
$$;

-- What the orders of a request, without one of them, take of its authorizations.
CREATE FUNCTION lifecycle.uses(request bigint, but_not bigint) RETURNS jsonb
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'order', o.id::text, 'status', o.status, 'units', taken.units, 'amount', taken.amount,
        'ordered_on', lifecycle.day_of(o.created_at)) ORDER BY o.id), '[]')
    FROM public.orders o CROSS JOIN LATERAL (
        SELECT coalesce(sum((line ->> 'quantity')::bigint), 0) AS units, coalesce(sum((line ->> 'total')::numeric), 0.00) AS amount
        FROM jsonb_array_elements(lifecycle.order_lines(o.id)) AS line WHERE (line ->> 'requires_authorization')::boolean) AS taken
    WHERE o.product_request_id = request AND o.id IS DISTINCT FROM but_not AND o.deleted_at IS NULL
$$;

-- The status that the last hold interrupted. Only rows that the trigger wrote say "status_changed" with both.
CREATE FUNCTION lifecycle.held_from(of_order bigint, of_request bigint) RETURNS text
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT l.old_values ->> 'status' FROM public.order_audit_logs l
    WHERE (l.order_id = of_order OR l.product_request_id = of_request)
        AND l.action = 'status_changed' AND lifecycle.normal(l.new_values ->> 'status') = 'on_hold'
    ORDER BY l.created_at DESC, l.id DESC LIMIT 1
$$;

CREATE FUNCTION lifecycle.order_facts(o public.orders, status text) RETURNS jsonb
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object(
        'lifecycle', 'order', 'status', status, 'today', lifecycle.day_of(now()), 'request', (o).product_request_id::text,
        'lines', lifecycle.order_lines((o).id), 'authorizations', lifecycle.authorizations((o).product_request_id),
        'uses', lifecycle.uses((o).product_request_id, (o).id), 'tracking_number', (o).tracking_number,
        'carrier', (o).shipping_carrier, 'reason', (o).status_reason,
        'held_from', CASE WHEN lifecycle.normal(status) = 'on_hold' THEN lifecycle.held_from((o).id, NULL) END)
$$;

-- Without `uses`: what the request asks for is what its orders take, and would be counted twice.
CREATE FUNCTION lifecycle.request_facts(r public.product_requests, status text) RETURNS jsonb
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object(
        'lifecycle', 'product-request', 'status', status, 'today', lifecycle.day_of(now()), 'patient', (r).patient_fhir_id,
        'facility', (r).facility_id::text, 'lines', lifecycle.request_lines((r).id, (r).clinical_details),
        'authorizations', lifecycle.authorizations((r).id), 'uses', '[]'::jsonb, 'reason', (r).status_reason,
        'held_from', CASE WHEN lifecycle.normal(status) = 'on_hold' THEN lifecycle.held_from(NULL, (r).id) END)
$$;
