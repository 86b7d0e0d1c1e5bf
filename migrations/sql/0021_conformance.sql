-- The base that the urls of our own definitions begin with in this database, once it is settled, and what of them is stored.
CREATE TABLE open.canonical_base (
    single boolean PRIMARY KEY DEFAULT true CONSTRAINT canonical_base_single_check CHECK (single),
    base text COLLATE "C" NOT NULL,
    digest text COLLATE "C"
);

-- Definitions that the program made: clients may not change them. `url` is empty where it is not ours to guard.
CREATE TABLE open.own_definitions (
    resource_type text COLLATE "C" NOT NULL,
    definition_id text COLLATE "C" NOT NULL,
    fhir_id text COLLATE "C" NOT NULL,
    url text COLLATE "C" NOT NULL,
    digest text COLLATE "C" NOT NULL,
    PRIMARY KEY (resource_type, definition_id)
);
CREATE INDEX own_definitions_fhir_id ON open.own_definitions (fhir_id);
CREATE INDEX own_definitions_url ON open.own_definitions (url);

-- Before there was a choice all databases used this base. One that holds documents may hold urls that begin with it.
INSERT INTO open.canonical_base (base)
SELECT 'https://fhir.wound-care-portal.example'
WHERE EXISTS (SELECT FROM phi.documents) OR EXISTS (SELECT FROM open.documents);

SELECT fhir_grant();
