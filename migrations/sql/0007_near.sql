-- Locations of older documents get the row that near looks for; new ones get it with their other index rows. 342882749 is the
-- number of Location.near.
INSERT INTO open.composite_index (parameter, low, high, second_low, second_high, resource_key)
SELECT 342882749, p.latitude, p.latitude, p.longitude, p.longitude, r.resource_key
FROM (
    SELECT resource_key, fhir_id, document_version FROM open.fhir_resources WHERE resource_type = 'Location' AND deleted_at IS NULL
    UNION ALL
    SELECT resource_key, fhir_id, document_version FROM public.fhir_facilities WHERE deleted_at IS NULL
) AS r
JOIN open.documents AS d ON d.resource_type = 'Location' AND d.fhir_id = r.fhir_id AND d.version_id = r.document_version
CROSS JOIN LATERAL (
    SELECT public.fhir_numeric(d.document #>> '{position,latitude}'), public.fhir_numeric(d.document #>> '{position,longitude}')
) AS p (latitude, longitude)
WHERE abs(p.latitude) <= 90 AND abs(p.longitude) <= 180;
