-- Our own search parameters that come with this revision and with 0014 are answered by columns. Resources outside of the portal's
-- tables have no index rows for them yet: `fhir-server index --rebuild` makes them.
INSERT INTO open.index_rebuilds (resource_type)
SELECT DISTINCT r.resource_type FROM phi.fhir_resources r
WHERE r.resource_type IN ('DeviceRequest', 'Task', 'SupplyRequest', 'SupplyDelivery', 'CoverageEligibilityResponse', 'Coverage',
    'ClaimResponse') AND r.deleted_at IS NULL
ON CONFLICT DO NOTHING;
