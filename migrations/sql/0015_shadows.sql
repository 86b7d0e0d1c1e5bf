-- The second resources of opportunities and episodes. Each also shows the Task that the row is, which never changes.

CREATE FUNCTION fhir_before_risk() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    NEW.task_fhir_id := (SELECT o.fhir_id FROM public.clinical_opportunities o WHERE o.id = NEW.source_id);
    RETURN NEW;
END $$;

CREATE FUNCTION fhir_before_answers() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    NEW.task_fhir_id := (SELECT e.fhir_id FROM public.patient_manufacturer_ivr_episodes e WHERE e.id = NEW.source_id);
    RETURN NEW;
END $$;

SELECT fhir_make_shadow('clinical_opportunities', 'opportunity_risks', 'RiskAssessment', 'phi',
    ARRAY['patient_fhir_id', 'opportunity_type', 'risk_score', 'risk_scale', 'status'],
    'n.risk_score IS NOT NULL', 'task_fhir_id varchar(100) COLLATE "C"');
CREATE TRIGGER fhir_10_projection BEFORE INSERT OR UPDATE OF task_fhir_id ON opportunity_risks
    FOR EACH ROW EXECUTE FUNCTION fhir_before_risk();
UPDATE opportunity_risks SET task_fhir_id = NULL;
CREATE INDEX opportunity_risks_patient_fhir_id ON opportunity_risks (patient_fhir_id);

SELECT fhir_make_shadow('patient_manufacturer_ivr_episodes', 'ivr_answers', 'QuestionnaireResponse', 'phi',
    ARRAY['patient_fhir_id', 'form_data', 'mapped_data', 'completed_at', 'status'],
    $$jsonb_typeof(n.form_data) = 'object' OR jsonb_typeof(n.mapped_data) = 'object'$$, 'task_fhir_id varchar(100) COLLATE "C"');
CREATE TRIGGER fhir_10_projection BEFORE INSERT OR UPDATE OF task_fhir_id ON ivr_answers
    FOR EACH ROW EXECUTE FUNCTION fhir_before_answers();
UPDATE ivr_answers SET task_fhir_id = NULL;
CREATE INDEX ivr_answers_patient_fhir_id ON ivr_answers (patient_fhir_id);
