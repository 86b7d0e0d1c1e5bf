-- Audit rows are only ever added. Retention drops whole partitions, which no row trigger sees.

CREATE FUNCTION fhir_refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER fhir_90_append_only BEFORE UPDATE OR DELETE ON fhir_audit_logs FOR EACH ROW
    EXECUTE FUNCTION fhir_refuse_audit_change();
CREATE TRIGGER fhir_90_append_only BEFORE UPDATE OR DELETE ON order_audit_logs FOR EACH ROW
    EXECUTE FUNCTION fhir_refuse_audit_change();
CREATE TRIGGER fhir_90_refuse_truncate BEFORE TRUNCATE ON fhir_audit_logs FOR EACH STATEMENT
    EXECUTE FUNCTION fhir_refuse_audit_change();
CREATE TRIGGER fhir_90_refuse_truncate BEFORE TRUNCATE ON order_audit_logs FOR EACH STATEMENT
    EXECUTE FUNCTION fhir_refuse_audit_change();

-- Makes the partitions of this month and the months after it; returns how many were missing. Rows that already went to the
-- default partition are moved: it is exchanged for an empty one, because they may not be deleted.
CREATE FUNCTION fhir_create_audit_partitions(months_ahead integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET "TimeZone" = 'UTC' AS $$
DECLARE
    parent text;
    partition text;
    month timestamptz;
    made integer := 0;
    spilled boolean;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('fhir_create_audit_partitions'));
    FOREACH parent IN ARRAY ARRAY['fhir_audit_logs', 'order_audit_logs'] LOOP
        FOR month IN SELECT date_trunc('month', now()) + make_interval(months => m) FROM generate_series(0, months_ahead) m LOOP
            partition := format('%s_%s', parent, to_char(month, 'YYYYMM'));
            CONTINUE WHEN to_regclass(format('public.%I', partition)) IS NOT NULL;
            EXECUTE format('SELECT EXISTS (SELECT FROM public.%I WHERE created_at >= $1 AND created_at < $2)',
                           parent || '_default') INTO spilled USING month, month + interval '1 month';
            IF spilled THEN
                EXECUTE format('ALTER TABLE public.%1$I DETACH PARTITION public.%2$I', parent, parent || '_default');
                EXECUTE format('ALTER TABLE public.%1$I RENAME TO %2$I', parent || '_default', parent || '_spilled');
            END IF;
            EXECUTE format('CREATE TABLE public.%I PARTITION OF public.%I FOR VALUES FROM (%L) TO (%L)',
                           partition, parent, month, month + interval '1 month');
            IF spilled THEN
                EXECUTE format('CREATE TABLE public.%I PARTITION OF public.%I DEFAULT', parent || '_default', parent);
                EXECUTE format('INSERT INTO public.%I SELECT * FROM public.%I', parent, parent || '_spilled');
                EXECUTE format('DROP TABLE public.%I', parent || '_spilled');
            END IF;
            made := made + 1;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;
