-- Location.managingOrganization has two columns: the portal's key of organizations and the logical id, which may also name an
-- Organization that is not in that table. Whichever a statement changes wins.

CREATE FUNCTION fhir_before_facility() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (TG_OP = 'INSERT' AND NEW.organization_id IS NOT NULL)
       OR (TG_OP = 'UPDATE' AND NEW.organization_id IS DISTINCT FROM OLD.organization_id) THEN
        NEW.organization_fhir_id := (SELECT o.fhir_id FROM public.organizations o WHERE o.id = NEW.organization_id);
    ELSIF TG_OP = 'INSERT' OR NEW.organization_fhir_id IS DISTINCT FROM OLD.organization_fhir_id THEN
        NEW.organization_id := (SELECT o.id FROM public.organizations o WHERE o.fhir_id = NEW.organization_fhir_id);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER fhir_10_organization BEFORE INSERT OR UPDATE OF organization_id, organization_fhir_id ON fhir_facilities
    FOR EACH ROW EXECUTE FUNCTION fhir_before_facility();

-- A new time is a whole one: the end of the old partial date or period is not its end.
CREATE FUNCTION fhir_before_observation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.effective_end := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER fhir_10_effective_end BEFORE UPDATE OF effective_date_time ON fhir_observations FOR EACH ROW
    WHEN (NEW.effective_date_time IS DISTINCT FROM OLD.effective_date_time
          AND NEW.effective_end IS NOT DISTINCT FROM OLD.effective_end)
    EXECUTE FUNCTION fhir_before_observation();
