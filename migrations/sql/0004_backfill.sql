-- Rows that were there before the triggers: their copies are computed once; this is not a change and makes no version.

UPDATE fhir_practitioners p SET user_snapshot = fhir_user_snapshot(u) FROM users u WHERE u.id = p.user_id;
UPDATE fhir_facilities f SET organization_fhir_id = o.fhir_id FROM organizations o WHERE o.id = f.organization_id;
UPDATE user_organizations uo
SET practitioner_fhir_id = s.practitioner_fhir_id, organization_fhir_id = s.organization_fhir_id,
    role_codes = s.role_codes, specialty = s.specialty
FROM user_organizations t CROSS JOIN LATERAL fhir_role_of_user(t.organization_id, t.user_id) s
WHERE t.id = uo.id;
