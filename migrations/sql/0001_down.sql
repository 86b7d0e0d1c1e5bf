DROP TABLE fhir_audit_logs, order_audit_logs, clinical_opportunities, commission_records, docuseal_submissions,
    patient_manufacturer_ivr_episodes, prior_authorizations, medicare_mac_validations, eligibility_checks, order_items, orders,
    product_requests, products, categories, manufacturers, fhir_observations, fhir_facilities, fhir_practitioners,
    fhir_patients, user_organizations, user_roles, roles, organizations, accounts, users;
DROP FUNCTION portal_touch_updated_at();
