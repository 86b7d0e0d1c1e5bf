-- Search parameters of our own that come with this revision, for types that had resources before: to be built, as in
-- 0011_us_core.sql. Nobody may write in between: what is empty here is complete. A database that had resources before this has the
-- canonical base that was the only one then (0021_conformance.sql).
LOCK TABLE phi.fhir_resources, public.orders IN SHARE ROW EXCLUSIVE MODE;
WITH coming AS (
    INSERT INTO open.search_parameters AS p (resource_type, code, fhir_id, url, type, expression, targets)
    SELECT n.resource_type, n.code, '',
           'https://fhir.wound-care-portal.example/SearchParameter/' || lower(n.resource_type) || '-' || n.code, n.type,
           replace(n.expression, '~', 'https://fhir.wound-care-portal.example/StructureDefinition/'), n.targets
    FROM (VALUES
        ('Task', 'due', 'date', 'Task.restriction.period.end', '{}'::text[]),
        ('Basic', 'order', 'reference', 'Basic.extension(''~order'').value as Reference', '{Task}'),
        ('Basic', 'period', 'date', 'Basic.extension(''~period'').value as Period', '{}'),
        ('Basic', 'status', 'token', 'Basic.extension(''~commission-status'').value as code', '{}'),
        ('Basic', 'sales-rep', 'reference', 'Basic.subject.where(resolve() is Practitioner)', '{Practitioner}')
    ) AS n (resource_type, code, type, expression, targets)
    WHERE EXISTS (SELECT FROM phi.fhir_resources AS r WHERE r.resource_type = n.resource_type AND r.deleted_at IS NULL)
       OR (n.resource_type = 'Task' AND EXISTS (SELECT FROM public.orders AS o WHERE o.document_version IS NOT NULL))
       OR EXISTS (SELECT FROM open.search_parameters AS q WHERE q.resource_type = n.resource_type AND q.code = n.code)
    ON CONFLICT (resource_type, code) DO UPDATE
    SET fhir_id = excluded.fhir_id, url = excluded.url, type = excluded.type, expression = excluded.expression,
        targets = excluded.targets, state = 'building', since = pg_current_xact_id(), built_to = 0
    RETURNING 1
)
UPDATE open.search_parameter_changes SET counter = counter + 1 WHERE EXISTS (SELECT FROM coming);
