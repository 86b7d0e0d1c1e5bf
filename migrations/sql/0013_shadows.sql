-- Some rows are two resources: an eligibility check is also a Coverage. The second one has a table of its own, its shadow, which
-- triggers keep equal to the row, so that reads, searches, versions and history need to know of nothing new (ADR 0013).
--
-- fhir_make_shadow('eligibility_checks', 'eligibility_coverages', 'Coverage', 'phi', ARRAY['payer_name'], 'n.coverage_active IS NOT NULL')
-- makes the table with `id`, `source_id`, the named columns of the source, `more` column definitions that triggers of the shadow
-- itself fill, and all that a table of resources has. A row of the source (`n`) has a shadow while `condition` is true and it is
-- not deleted; otherwise the shadow is deleted, and lives again when the condition does. Its logical id follows from that of the
-- source. Nobody else can write what is copied.

CREATE FUNCTION fhir_refuse_shadow_write(place text, id text, column_name text, source text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM public.fhir_refuse_write(place, column_name, coalesce(id, ''), format('is copied from a record in %s and changes with it only', source));
END $$;

CREATE FUNCTION fhir_make_shadow(source text, shadow text, resource_type text, store text, columns text[], condition text,
                                 more text DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    definitions text;
    names text;
    of_new text;
    of_excluded text;
    of_shadow text;
    assigned text;
    checks text;
BEGIN
    SELECT string_agg(format('%I %s%s', a.attname, format_type(a.atttypid, a.atttypmod),
               CASE WHEN a.attcollation <> t.typcollation THEN ' COLLATE ' || a.attcollation::regcollation ELSE '' END),
               ', ' ORDER BY wanted.place),
           string_agg(format('%I', a.attname), ', ' ORDER BY wanted.place),
           string_agg(format('n.%I', a.attname), ', ' ORDER BY wanted.place),
           string_agg(format('excluded.%I', a.attname) || exact, ', ' ORDER BY wanted.place),
           string_agg(format('s.%I', a.attname) || exact, ', ' ORDER BY wanted.place),
           string_agg(format('%1$I = excluded.%1$I', a.attname), ', ' ORDER BY wanted.place),
           string_agg(format($sql$
    IF NEW.%1$I%5$s IS DISTINCT FROM OLD.%1$I%5$s THEN
        PERFORM public.fhir_refuse_shadow_write(%2$L, NEW.fhir_id, %3$L, %4$L);
    END IF;$sql$, a.attname, shadow, a.attname, source, exact), '' ORDER BY wanted.place)
        INTO definitions, names, of_new, of_excluded, of_shadow, assigned, checks
        FROM unnest(columns) WITH ORDINALITY AS wanted(name, place)
            JOIN pg_attribute a ON a.attrelid = format('public.%I', source)::regclass AND a.attname = wanted.name
            JOIN pg_type t ON t.oid = a.atttypid
            -- 1.0 is not 1.00 for a client that reads it
            CROSS JOIN LATERAL (SELECT CASE WHEN a.atttypid IN ('json'::regtype, 'jsonb'::regtype, 'numeric'::regtype)
                                       THEN '::text' ELSE '' END AS exact) AS compared;
    IF array_length(columns, 1) IS DISTINCT FROM array_length(string_to_array(names, ', '), 1) THEN
        RAISE EXCEPTION 'not all of % are columns of %', columns, source USING ERRCODE = 'undefined_column';
    END IF;
    EXECUTE format($sql$CREATE TABLE public.%1$I (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        source_id bigint NOT NULL CONSTRAINT %2$I UNIQUE
            CONSTRAINT %3$I REFERENCES public.%4$I (id) ON DELETE CASCADE,
        %5$s, %6$s created_at timestamptz, updated_at timestamptz)$sql$,
        shadow, shadow || '_source_id_key', shadow || '_source_id_fkey', source, definitions,
        CASE WHEN more IS NULL THEN '' ELSE more || ',' END);
    PERFORM public.fhir_make_resource(shadow, resource_type, store);

    -- What equals its copy stays as it is: a new version would have nothing new.
    EXECUTE format($sql$
CREATE FUNCTION public.%1$I() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $body$
BEGIN
    UPDATE public.%2$I s SET deleted_at = greatest(clock_timestamp(), s.updated_at)
    FROM new_rows n
    WHERE s.source_id = n.id AND s.deleted_at IS NULL AND ((%3$s) AND n.deleted_at IS NULL) IS NOT TRUE;
    INSERT INTO public.%2$I AS s (source_id, fhir_id, created_at, %4$s)
    SELECT n.id, md5(%5$L || n.fhir_id)::uuid::text, n.created_at, %6$s
    FROM new_rows n WHERE (%3$s) AND n.deleted_at IS NULL
    ON CONFLICT (source_id) DO UPDATE SET %7$s, deleted_at = NULL
        WHERE s.deleted_at IS NOT NULL OR ROW(%8$s) IS DISTINCT FROM ROW(%9$s);
    RETURN NULL;
END $body$ $sql$, 'fhir_shadow_' || shadow, shadow, condition, names, resource_type || '/', of_new, assigned, of_shadow,
        of_excluded);
    EXECUTE format('CREATE TRIGGER %I AFTER INSERT ON public.%I REFERENCING NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION public.%I()', 'fhir_45_' || shadow || '_insert', source, 'fhir_shadow_' || shadow);
    EXECUTE format('CREATE TRIGGER %I AFTER UPDATE ON public.%I REFERENCING NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION public.%I()', 'fhir_45_' || shadow || '_update', source, 'fhir_shadow_' || shadow);
    EXECUTE format($sql$
        INSERT INTO public.%1$I (source_id, fhir_id, created_at, %2$s)
        SELECT n.id, md5(%3$L || n.fhir_id)::uuid::text, n.created_at, %4$s
        FROM public.%5$I n WHERE (%6$s) AND n.deleted_at IS NULL
    $sql$, shadow, names, resource_type || '/', of_new, source, condition);

    -- Whatever comes from the source comes through a trigger, and is then one trigger deeper than a statement of somebody.
    EXECUTE format($sql$
CREATE FUNCTION public.%1$I() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    IF pg_trigger_depth() > 1 THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP <> 'UPDATE' THEN
        PERFORM public.fhir_refuse_shadow_write(%2$L, CASE WHEN TG_OP = 'DELETE' THEN OLD.fhir_id ELSE NEW.fhir_id END,
            'source_id', %3$L);
    END IF;
    IF NEW.source_id <> OLD.source_id OR NEW.deleted_at IS DISTINCT FROM OLD.deleted_at THEN
        PERFORM public.fhir_refuse_shadow_write(%2$L, NEW.fhir_id, 'source_id', %3$L);
    END IF;%4$s
    RETURN NEW;
END $body$ $sql$, 'fhir_guard_' || shadow, shadow, source, checks);
    EXECUTE format('CREATE TRIGGER fhir_15_guard BEFORE INSERT OR UPDATE OR DELETE ON public.%I
        FOR EACH ROW EXECUTE FUNCTION public.%I()', shadow, 'fhir_guard_' || shadow);
END $$;

CREATE FUNCTION fhir_drop_shadow(source text, shadow text, resource_type text, store text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('DROP TRIGGER %I ON public.%I', 'fhir_45_' || shadow || '_insert', source);
    EXECUTE format('DROP TRIGGER %I ON public.%I', 'fhir_45_' || shadow || '_update', source);
    PERFORM public.fhir_unmake_resource(shadow, resource_type, store);
    EXECUTE format('DROP TABLE public.%I', shadow);
    EXECUTE format('DROP FUNCTION public.%I(), public.%I()', 'fhir_shadow_' || shadow, 'fhir_guard_' || shadow);
END $$;
REVOKE EXECUTE ON FUNCTION fhir_make_shadow(text, text, text, text, text[], text, text),
    fhir_drop_shadow(text, text, text, text) FROM PUBLIC;
