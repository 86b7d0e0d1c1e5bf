-- The guards of business/orders.py once more, for writers that know only SQL. Facts are JSON, problems an array of objects with code,
-- sentence and field. A test compares all of it with the Python rules over random facts.

CREATE FUNCTION lifecycle.normal(said text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN lower(regexp_replace(btrim(said, E' \t\r\n\f\v'), '[ \t\r\n\f\v_-]+', '_', 'g'));

CREATE FUNCTION lifecycle.means(of_kind text, said text) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.means FROM lifecycle.texts t WHERE t.kind = of_kind AND t.text = lifecycle.normal(said)
$$;

CREATE FUNCTION lifecycle.problem(code text, sentence text, field text) RETURNS jsonb
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
    RETURN jsonb_build_array(jsonb_build_object('code', code, 'sentence', sentence, 'field', field));

-- Whether there is more than blanks, in the sense of Python's strip.
CREATE FUNCTION lifecycle.says_something(said text) RETURNS boolean
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
    RETURN coalesce(btrim(said, E' \t\n\r\f\u000B\u001C\u001D\u001E\u001F\u0085\u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005'
        '\u2006\u2007\u2008\u2009\u200A\u2028\u2029\u202F\u205F\u3000') <> '', false);

CREATE FUNCTION lifecycle.guard_patient(facts jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
    RETURN CASE WHEN facts ->> 'lifecycle' = 'product-request' AND coalesce(facts ->> 'patient', '') = ''
        THEN lifecycle.problem('patient-missing', 'The request does not say which patient it is for.', 'patient_fhir_id')
        ELSE '[]' END;

CREATE FUNCTION lifecycle.guard_facility(facts jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
    RETURN CASE WHEN facts ->> 'lifecycle' = 'product-request' AND coalesce(facts ->> 'facility', '') = ''
        THEN lifecycle.problem('facility-missing', 'The request does not say which facility it is for.', 'facility_id')
        ELSE '[]' END;

CREATE FUNCTION lifecycle.guard_request(facts jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
    RETURN CASE WHEN facts ->> 'lifecycle' = 'order' AND coalesce(facts ->> 'request', '') = ''
        THEN lifecycle.problem('request-missing', 'The order does not belong to a product request.', 'product_request_id')
        ELSE '[]' END;

CREATE FUNCTION lifecycle.guard_product(facts jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE
        WHEN facts -> 'lines' = '[]' THEN lifecycle.problem('product-missing', 'No product is asked for.', 'product_id')
        WHEN EXISTS (SELECT FROM jsonb_array_elements(facts -> 'lines') AS line WHERE (line ->> 'quantity')::bigint < 1)
            THEN lifecycle.problem('quantity', 'A product is asked for with a quantity below one.', 'quantity')
        ELSE '[]' END
$$;

CREATE FUNCTION lifecycle.guard_reason(facts jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
    RETURN CASE WHEN lifecycle.says_something(facts ->> 'reason') THEN '[]'
        ELSE lifecycle.problem('reason-missing', 'This step needs a reason.', 'status_reason') END;

CREATE FUNCTION lifecycle.guard_shipment(facts jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
    RETURN CASE WHEN lifecycle.says_something(facts ->> 'tracking_number') OR lifecycle.says_something(facts ->> 'carrier') THEN '[]'
        ELSE lifecycle.problem('shipment-missing', 'Shipping needs a tracking number or the name of the carrier.', 'tracking_number') END;

-- The state of a prior authorization on a day; see state() in business/authorizations.py.
CREATE FUNCTION lifecycle.authorization_state(one jsonb, day date) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE
        WHEN stated NOT IN ('approved', 'partially-approved') THEN stated
        WHEN (one ->> 'expires_on')::date < day THEN 'expired'
        WHEN (one ->> 'approved_on')::date > day THEN 'not-yet-valid'
        ELSE stated END
    FROM coalesce(lifecycle.means('authorization', one ->> 'status'), 'unknown') AS stated
$$;

-- Whether the authorizations of a request allow the lines; see authorize() and spread() there.
CREATE FUNCTION lifecycle.guard_authorization(facts jsonb) RETURNS jsonb
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    day date := (facts ->> 'today')::date;
    wanted_units bigint;
    wanted_amount numeric;
    states text[];
    -- those that were granted, the one that ends first coming first
    granted jsonb[];
    left_units bigint[];
    left_amounts numeric[];
    used record;
    place integer;
    chosen integer;
    last integer;
    last_covering integer;
    problems jsonb := '[]';
BEGIN
    SELECT sum((line ->> 'quantity')::bigint), coalesce(sum((line ->> 'total')::numeric), 0.00) INTO wanted_units, wanted_amount
        FROM jsonb_array_elements(facts -> 'lines') AS line WHERE (line ->> 'requires_authorization')::boolean;
    IF wanted_units IS NULL THEN
        RETURN problems;
    END IF;
    states := ARRAY(SELECT lifecycle.authorization_state(one, day) FROM jsonb_array_elements(facts -> 'authorizations') AS one);
    IF 'not-required' = ANY (states) THEN
        RETURN problems;
    END IF;
    granted := ARRAY(SELECT one FROM jsonb_array_elements(facts -> 'authorizations') AS one
        WHERE lifecycle.means('authorization', one ->> 'status') IN ('approved', 'partially-approved', 'expired')
        ORDER BY coalesce((one ->> 'expires_on')::date, 'infinity'), one ->> 'id' COLLATE "C");
    last := cardinality(granted);
    left_units := ARRAY(SELECT (one ->> 'approved_units')::bigint FROM unnest(granted) WITH ORDINALITY AS g (one, place) ORDER BY g.place);
    left_amounts := ARRAY(SELECT (one ->> 'approved_amount')::numeric FROM unnest(granted) WITH ORDINALITY AS g (one, place) ORDER BY g.place);
    IF last > 0 THEN
        FOR used IN
            SELECT (one ->> 'units')::bigint AS units, (one ->> 'amount')::numeric AS amount, (one ->> 'ordered_on')::date AS day
            FROM jsonb_array_elements(facts -> 'uses') AS one
            WHERE one ->> 'status' IS NULL OR lifecycle.means('unused', one ->> 'status') IS NULL
            ORDER BY coalesce((one ->> 'ordered_on')::date, 'infinity'), one ->> 'order' COLLATE "C"
        LOOP
            chosen := NULL;
            last_covering := NULL;
            FOR place IN 1 .. last LOOP
                CONTINUE WHEN (granted[place] ->> 'approved_on')::date > used.day OR used.day > (granted[place] ->> 'expires_on')::date;
                last_covering := place;
                IF chosen IS NULL AND (left_units[place] IS NULL OR left_units[place] >= used.units)
                   AND (left_amounts[place] IS NULL OR left_amounts[place] >= used.amount) THEN
                    chosen := place;
                END IF;
            END LOOP;
            chosen := coalesce(chosen, last_covering, last);
            left_units[chosen] := left_units[chosen] - used.units;
            left_amounts[chosen] := left_amounts[chosen] - used.amount;
        END LOOP;
        chosen := NULL;
        FOR place IN 1 .. last LOOP
            CONTINUE WHEN lifecycle.authorization_state(granted[place], day) NOT IN ('approved', 'partially-approved');
            IF (left_units[place] IS NULL OR left_units[place] >= wanted_units)
               AND (left_amounts[place] IS NULL OR left_amounts[place] >= wanted_amount) THEN
                RETURN problems;
            END IF;
            chosen := place;
        END LOOP;
        IF chosen IS NOT NULL THEN
            IF left_units[chosen] < wanted_units THEN
                problems := problems || lifecycle.problem('authorization-units', format(
                    'The prior authorization has %s units left, the order needs %s.', greatest(left_units[chosen], 0), wanted_units),
                    'approved_units');
            END IF;
            IF left_amounts[chosen] < wanted_amount THEN
                problems := problems || lifecycle.problem('authorization-amount', format(
                    'The prior authorization has %s left, the order amounts to %s.', greatest(left_amounts[chosen], 0.00), wanted_amount),
                    'approved_amount');
            END IF;
            RETURN problems;
        END IF;
    END IF;
    -- none is valid: why not, the most telling first, each once
    SELECT coalesce(jsonb_agg(jsonb_build_object('code', 'authorization-' || named.state, 'sentence', named.sentence, 'field', named.field)
            ORDER BY named.place), '[]')
        INTO problems
        FROM (VALUES
            (1, 'expired', 'The prior authorization has expired.', 'expiry_date'),
            (2, 'not-yet-valid', 'The prior authorization begins on a later day.', 'approved_date'),
            (3, 'pending', 'The payer has not yet decided the prior authorization.', 'status'),
            (4, 'draft', 'The prior authorization has not been requested yet.', 'status'),
            (5, 'denied', 'The payer denied the prior authorization.', 'status'),
            (6, 'cancelled', 'The prior authorization was cancelled.', 'status'),
            (7, 'error', 'The request for the prior authorization failed.', 'status'),
            (8, 'unknown', 'The status of the prior authorization is not a known one.', 'status')
        ) AS named (place, state, sentence, field)
        WHERE named.state = ANY (states);
    IF problems = '[]' THEN
        problems := lifecycle.problem('authorization-missing',
            'A product of the order requires a prior authorization and there is none.', 'auth_number');
    END IF;
    RETURN problems;
END $$;

-- What comes of setting a status text: {"action": …, "problems": […]}; see move() in business/orders.py.
CREATE FUNCTION lifecycle.decide(facts jsonb, status text) RETURNS jsonb
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    kind text := facts ->> 'lifecycle';
    held text := facts ->> 'status';
    wanted text := lifecycle.normal(status);
    reached text := coalesce(lifecycle.means(kind, status), wanted);
    standing text := CASE WHEN lifecycle.means(kind, held) IS NULL THEN '(unlisted)' ELSE lifecycle.normal(held) END;
    step lifecycle.transitions;
    target text;
    targets text[] := '{}';
    guard text;
    found jsonb;
    problems jsonb;
    refused jsonb;
    title text := (SELECT l.title FROM lifecycle.lifecycles l WHERE l.name = kind);
BEGIN
    IF wanted = lifecycle.normal(held) OR reached = coalesce(lifecycle.means(kind, held), lifecycle.normal(held)) THEN
        RETURN '{"action": "keep", "problems": []}';
    END IF;
    FOR step IN SELECT * FROM lifecycle.transitions t WHERE t.lifecycle = kind AND standing = ANY (t.sources) ORDER BY t.place LOOP
        target := step.target;
        IF target = '(back)' THEN
            -- only to where a hold is possible from: otherwise a hold would be a way around the guards
            target := (SELECT CASE WHEN lifecycle.normal(facts ->> 'held_from') = ANY (h.sources)
                              THEN lifecycle.normal(facts ->> 'held_from') ELSE l.first END
                       FROM lifecycle.lifecycles l, lifecycle.transitions h
                       WHERE l.name = kind AND h.lifecycle = kind AND h.action = 'hold');
        END IF;
        targets := targets || target;
        CONTINUE WHEN coalesce(lifecycle.means(kind, target), target) <> reached;
        problems := '[]';
        FOREACH guard IN ARRAY step.guards LOOP
            EXECUTE format('SELECT lifecycle.%I($1)', 'guard_' || guard) INTO found USING facts;
            problems := problems || found;
        END LOOP;
        IF problems = '[]' THEN
            RETURN jsonb_build_object('action', step.action, 'problems', problems);
        END IF;
        refused := coalesce(refused, jsonb_build_object('action', step.action, 'problems', problems));
    END LOOP;
    IF refused IS NULL THEN
        IF lifecycle.means(kind, status) IS NULL THEN
            problems := lifecycle.problem('unknown-status', format('''%s'' is not a status of a %s.', wanted, title), 'status');
        ELSE
            problems := lifecycle.problem('wrong-status', format('The %s is %s and cannot become ''%s''; possible is %s.', title,
                CASE WHEN held IS NULL THEN 'without a status' ELSE '''' || held || '''' END, wanted,
                coalesce(nullif(array_to_string(targets, ', '), ''), 'nothing')), 'status');
        END IF;
        refused := jsonb_build_object('action', 'move', 'problems', problems);
    END IF;
    RETURN refused;
END $$;
