-- Search parameters of US Core that come with the program from this revision on. Where there are resources already, they are to be
-- built like those that administrators add; '' as fhir_id says that no SearchParameter resource stands behind them. One that an
-- administrator has added under the same name is the program's now. Nobody may write in between: what is empty here is complete.
LOCK TABLE phi.fhir_resources IN SHARE ROW EXCLUSIVE MODE;
INSERT INTO open.search_parameters AS p (resource_type, code, fhir_id, url, type, expression, targets)
SELECT n.resource_type, n.code, '', 'http://hl7.org/fhir/us/core/SearchParameter/' || n.identity, n.type, n.expression, '{}'
FROM (VALUES
    ('CareTeam', 'role', 'us-core-careteam-role', 'token', 'CareTeam.participant.role'),
    ('Condition', 'asserted-date', 'us-core-condition-asserted-date', 'date',
     'Condition.extension.where(url = ''http://hl7.org/fhir/StructureDefinition/condition-assertedDate'').value'),
    ('Encounter', 'discharge-disposition', 'us-core-encounter-discharge-disposition', 'token',
     'Encounter.hospitalization.dischargeDisposition'),
    ('Goal', 'description', 'us-core-goal-description', 'token', 'Goal.description')
) AS n (resource_type, code, identity, type, expression)
WHERE EXISTS (SELECT FROM phi.fhir_resources AS r WHERE r.resource_type = n.resource_type AND r.deleted_at IS NULL)
   OR EXISTS (SELECT FROM open.search_parameters AS q WHERE q.resource_type = n.resource_type AND q.code = n.code)
ON CONFLICT (resource_type, code) DO UPDATE
SET fhir_id = excluded.fhir_id, url = excluded.url, type = excluded.type, expression = excluded.expression,
    targets = excluded.targets, state = 'building', since = pg_current_xact_id(), built_to = 0;
UPDATE open.search_parameter_changes SET counter = counter + 1
WHERE EXISTS (SELECT FROM open.search_parameters WHERE fhir_id = '');

-- The types whose index rows are being rebuilt, each up to the resource key that was reached.
CREATE TABLE open.index_rebuilds (
    resource_type text COLLATE "C" NOT NULL PRIMARY KEY,
    built_to bigint NOT NULL DEFAULT 0
);

SELECT fhir_grant();
