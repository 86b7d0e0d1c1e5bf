-- The child rows of a patient are copied into fhir_patients, so that one row is the whole resource; a change of a child thereby
-- makes a version of its patient. An UPDATE that changes nothing of the copy makes none. Periods are printed in UTC, or the
-- time zone of a session would look like a change.

CREATE FUNCTION fhir_refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'TRUNCATE of % would lose the history of its resources', TG_TABLE_NAME
        USING ERRCODE = 'feature_not_supported', HINT = 'Use DELETE.';
END $$;

CREATE FUNCTION fhir_next_position() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    CASE TG_TABLE_NAME -- written out, because dynamic SQL would be planned for every row
        WHEN 'fhir_patient_names' THEN
            NEW."position" := (SELECT max(r."position") FROM public.fhir_patient_names r
                               WHERE r.patient_fhir_id = NEW.patient_fhir_id);
        WHEN 'fhir_patient_identifiers' THEN
            NEW."position" := (SELECT max(r."position") FROM public.fhir_patient_identifiers r
                               WHERE r.patient_fhir_id = NEW.patient_fhir_id);
        WHEN 'fhir_patient_addresses' THEN
            NEW."position" := (SELECT max(r."position") FROM public.fhir_patient_addresses r
                               WHERE r.patient_fhir_id = NEW.patient_fhir_id);
        WHEN 'fhir_patient_telecoms' THEN
            NEW."position" := (SELECT max(r."position") FROM public.fhir_patient_telecoms r
                               WHERE r.patient_fhir_id = NEW.patient_fhir_id);
    END CASE;
    NEW."position" := coalesce(NEW."position" + 1, 0);
    RETURN NEW;
END $$;

-- The functions below are planned once per session, for one patient or for thousands and perhaps while the tables are still
-- empty: without the two settings every call would be planned anew, or go on reading whole tables when they have grown.

-- fhir_patient_names → fhir_patients.names and fhir_patient_strings
CREATE FUNCTION fhir_project_patient_names() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET "TimeZone" = 'UTC'
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    touched text[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        touched := ARRAY(SELECT DISTINCT patient_fhir_id FROM new_rows);
    ELSIF TG_OP = 'DELETE' THEN
        touched := ARRAY(SELECT DISTINCT patient_fhir_id FROM old_rows);
    ELSE
        touched := ARRAY(SELECT patient_fhir_id FROM old_rows UNION SELECT patient_fhir_id FROM new_rows);
    END IF;
    -- first the lock, then a statement with its own snapshot: two transactions that each add a row see both in the end
    PERFORM FROM public.fhir_patients p WHERE p.fhir_id = ANY (touched) ORDER BY p.fhir_id FOR NO KEY UPDATE;
    WITH projected AS (
        UPDATE public.fhir_patients p SET names = c.names
        FROM (
            SELECT t.fhir_id, (
                SELECT jsonb_agg(jsonb_strip_nulls(to_jsonb(r) - '{id,patient_fhir_id,position}'::text[])
                                 ORDER BY r."position", r.id)
                FROM public.fhir_patient_names r WHERE r.patient_fhir_id = t.fhir_id
            ) AS names
            FROM unnest(touched) AS t (fhir_id)
        ) c
        WHERE p.fhir_id = c.fhir_id AND p.names IS DISTINCT FROM c.names
        RETURNING p.fhir_id
    )
    SELECT array_agg(fhir_id) INTO touched FROM projected;
    IF touched IS NOT NULL THEN
        DELETE FROM public.fhir_patient_strings WHERE patient_fhir_id = ANY (touched)
            AND element IN ('family', 'name-text', 'given', 'prefix', 'suffix');
        INSERT INTO public.fhir_patient_strings (patient_fhir_id, element, value, normal)
        SELECT DISTINCT r.patient_fhir_id, s.element, s.value, left(public.fhir_normalize(s.value), 500)
        FROM public.fhir_patient_names r CROSS JOIN LATERAL (
            VALUES ('family', r.family), ('name-text', r.text)
            UNION ALL SELECT 'given', unnest(r.given)
            UNION ALL SELECT 'prefix', unnest(r.prefix)
            UNION ALL SELECT 'suffix', unnest(r.suffix)
        ) s (element, value)
        WHERE r.patient_fhir_id = ANY (touched) AND s.value IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;

-- fhir_patient_addresses → fhir_patients.addresses and fhir_patient_strings
CREATE FUNCTION fhir_project_patient_addresses() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET "TimeZone" = 'UTC'
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    touched text[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        touched := ARRAY(SELECT DISTINCT patient_fhir_id FROM new_rows);
    ELSIF TG_OP = 'DELETE' THEN
        touched := ARRAY(SELECT DISTINCT patient_fhir_id FROM old_rows);
    ELSE
        touched := ARRAY(SELECT patient_fhir_id FROM old_rows UNION SELECT patient_fhir_id FROM new_rows);
    END IF;
    -- first the lock, then a statement with its own snapshot: two transactions that each add a row see both in the end
    PERFORM FROM public.fhir_patients p WHERE p.fhir_id = ANY (touched) ORDER BY p.fhir_id FOR NO KEY UPDATE;
    WITH projected AS (
        UPDATE public.fhir_patients p SET addresses = c.addresses
        FROM (
            SELECT t.fhir_id, (
                SELECT jsonb_agg(jsonb_strip_nulls(to_jsonb(r) - '{id,patient_fhir_id,position}'::text[])
                                 ORDER BY r."position", r.id)
                FROM public.fhir_patient_addresses r WHERE r.patient_fhir_id = t.fhir_id
            ) AS addresses
            FROM unnest(touched) AS t (fhir_id)
        ) c
        WHERE p.fhir_id = c.fhir_id AND p.addresses IS DISTINCT FROM c.addresses
        RETURNING p.fhir_id
    )
    SELECT array_agg(fhir_id) INTO touched FROM projected;
    IF touched IS NOT NULL THEN
        DELETE FROM public.fhir_patient_strings WHERE patient_fhir_id = ANY (touched)
            AND element IN ('city', 'district', 'state', 'postal-code', 'country', 'address-text', 'line');
        INSERT INTO public.fhir_patient_strings (patient_fhir_id, element, value, normal)
        SELECT DISTINCT r.patient_fhir_id, s.element, s.value, left(public.fhir_normalize(s.value), 500)
        FROM public.fhir_patient_addresses r CROSS JOIN LATERAL (
            VALUES ('city', r.city), ('district', r.district), ('state', r.state), ('postal-code', r.postal_code), ('country', r.country), ('address-text', r.text)
            UNION ALL SELECT 'line', unnest(r.line)
        ) s (element, value)
        WHERE r.patient_fhir_id = ANY (touched) AND s.value IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;

-- fhir_patient_identifiers → fhir_patients.identifiers
CREATE FUNCTION fhir_project_patient_identifiers() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET "TimeZone" = 'UTC'
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    touched text[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        touched := ARRAY(SELECT DISTINCT patient_fhir_id FROM new_rows);
    ELSIF TG_OP = 'DELETE' THEN
        touched := ARRAY(SELECT DISTINCT patient_fhir_id FROM old_rows);
    ELSE
        touched := ARRAY(SELECT patient_fhir_id FROM old_rows UNION SELECT patient_fhir_id FROM new_rows);
    END IF;
    -- first the lock, then a statement with its own snapshot: two transactions that each add a row see both in the end
    PERFORM FROM public.fhir_patients p WHERE p.fhir_id = ANY (touched) ORDER BY p.fhir_id FOR NO KEY UPDATE;
    WITH projected AS (
        UPDATE public.fhir_patients p SET identifiers = c.identifiers
        FROM (
            SELECT t.fhir_id, (
                SELECT jsonb_agg(jsonb_strip_nulls(to_jsonb(r) - '{id,patient_fhir_id,position}'::text[])
                                 ORDER BY r."position", r.id)
                FROM public.fhir_patient_identifiers r WHERE r.patient_fhir_id = t.fhir_id
            ) AS identifiers
            FROM unnest(touched) AS t (fhir_id)
        ) c
        WHERE p.fhir_id = c.fhir_id AND p.identifiers IS DISTINCT FROM c.identifiers
        RETURNING p.fhir_id
    )
    SELECT array_agg(fhir_id) INTO touched FROM projected;
    RETURN NULL;
END $$;

-- fhir_patient_telecoms → fhir_patients.telecoms
CREATE FUNCTION fhir_project_patient_telecoms() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET "TimeZone" = 'UTC'
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    touched text[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        touched := ARRAY(SELECT DISTINCT patient_fhir_id FROM new_rows);
    ELSIF TG_OP = 'DELETE' THEN
        touched := ARRAY(SELECT DISTINCT patient_fhir_id FROM old_rows);
    ELSE
        touched := ARRAY(SELECT patient_fhir_id FROM old_rows UNION SELECT patient_fhir_id FROM new_rows);
    END IF;
    -- first the lock, then a statement with its own snapshot: two transactions that each add a row see both in the end
    PERFORM FROM public.fhir_patients p WHERE p.fhir_id = ANY (touched) ORDER BY p.fhir_id FOR NO KEY UPDATE;
    WITH projected AS (
        UPDATE public.fhir_patients p SET telecoms = c.telecoms
        FROM (
            SELECT t.fhir_id, (
                SELECT jsonb_agg(jsonb_strip_nulls(to_jsonb(r) - '{id,patient_fhir_id,position}'::text[])
                                 ORDER BY r."position", r.id)
                FROM public.fhir_patient_telecoms r WHERE r.patient_fhir_id = t.fhir_id
            ) AS telecoms
            FROM unnest(touched) AS t (fhir_id)
        ) c
        WHERE p.fhir_id = c.fhir_id AND p.telecoms IS DISTINCT FROM c.telecoms
        RETURNING p.fhir_id
    )
    SELECT array_agg(fhir_id) INTO touched FROM projected;
    RETURN NULL;
END $$;

DO $do$
DECLARE
    part text;
BEGIN
    FOREACH part IN ARRAY ARRAY['names', 'identifiers', 'addresses', 'telecoms'] LOOP
        EXECUTE format('CREATE TRIGGER fhir_10_position BEFORE INSERT ON fhir_patient_%1$s FOR EACH ROW
            WHEN (NEW."position" IS NULL) EXECUTE FUNCTION fhir_next_position()', part);
        EXECUTE format('CREATE TRIGGER fhir_40_project_insert AFTER INSERT ON fhir_patient_%1$s
            REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION fhir_project_patient_%1$s()', part);
        EXECUTE format('CREATE TRIGGER fhir_40_project_update AFTER UPDATE ON fhir_patient_%1$s
            REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
            EXECUTE FUNCTION fhir_project_patient_%1$s()', part);
        EXECUTE format('CREATE TRIGGER fhir_40_project_delete AFTER DELETE ON fhir_patient_%1$s
            REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION fhir_project_patient_%1$s()', part);
        EXECUTE format('CREATE TRIGGER fhir_90_refuse_truncate BEFORE TRUNCATE ON fhir_patient_%1$s
            FOR EACH STATEMENT EXECUTE FUNCTION fhir_refuse_truncate()', part);
    END LOOP;
END $do$;

-- A birth date that the portal corrects takes the partial date with it, which would otherwise go on being served.
CREATE FUNCTION fhir_before_birth_date() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.birth_date_text := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER fhir_10_birth_date BEFORE UPDATE OF birth_date ON fhir_patients FOR EACH ROW
    WHEN (NEW.birth_date IS DISTINCT FROM OLD.birth_date AND NEW.birth_date_text IS NOT DISTINCT FROM OLD.birth_date_text)
    EXECUTE FUNCTION fhir_before_birth_date();
