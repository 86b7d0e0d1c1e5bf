-- Values of composite parameters, a row for each choice of values from one element, and amounts in canonical units.

ALTER TABLE phi.quantity_index
    ADD COLUMN canonical_low numeric,
    ADD COLUMN canonical_high numeric,
    ADD COLUMN canonical_unit text COLLATE "C";
CREATE INDEX quantity_index_canonical ON phi.quantity_index (parameter, canonical_unit, canonical_low, resource_key)
    WHERE canonical_unit IS NOT NULL;

CREATE TABLE phi.composite_index (
    parameter integer NOT NULL,
    system text COLLATE "C",
    code text COLLATE "C",
    value_system text COLLATE "C",
    value_code text COLLATE "C",
    low numeric,
    high numeric,
    unit text COLLATE "C",
    canonical_low numeric,
    canonical_high numeric,
    canonical_unit text COLLATE "C",
    second_low numeric,
    second_high numeric,
    time_low timestamptz,
    time_high timestamptz,
    value text COLLATE "C",
    normal text COLLATE "C",
    target_type text COLLATE "C",
    target_id text COLLATE "C",
    target_version text COLLATE "C",
    url text COLLATE "C",
    resource_key bigint NOT NULL
);
CREATE INDEX composite_index_value ON phi.composite_index (parameter, code, low, resource_key) WHERE low IS NOT NULL;
CREATE INDEX composite_index_canonical ON phi.composite_index (parameter, code, canonical_unit, canonical_low, resource_key)
    WHERE canonical_unit IS NOT NULL;
CREATE INDEX composite_index_token ON phi.composite_index (parameter, code, value_code, resource_key)
    WHERE value_code IS NOT NULL AND low IS NULL;
CREATE INDEX composite_index_time ON phi.composite_index (parameter, code, time_low, resource_key) WHERE time_low IS NOT NULL;
CREATE INDEX composite_index_string ON phi.composite_index (parameter, code, "left"(normal, 200), resource_key)
    WHERE normal IS NOT NULL;
CREATE INDEX composite_index_target ON phi.composite_index (parameter, target_id, target_type, resource_key)
    WHERE target_id IS NOT NULL;
CREATE INDEX composite_index_url ON phi.composite_index (parameter, url, resource_key) WHERE url IS NOT NULL;
CREATE INDEX composite_index_resource_key ON phi.composite_index (resource_key, parameter);

ALTER TABLE open.quantity_index
    ADD COLUMN canonical_low numeric,
    ADD COLUMN canonical_high numeric,
    ADD COLUMN canonical_unit text COLLATE "C";
CREATE INDEX quantity_index_canonical ON open.quantity_index (parameter, canonical_unit, canonical_low, resource_key)
    WHERE canonical_unit IS NOT NULL;

CREATE TABLE open.composite_index (
    parameter integer NOT NULL,
    system text COLLATE "C",
    code text COLLATE "C",
    value_system text COLLATE "C",
    value_code text COLLATE "C",
    low numeric,
    high numeric,
    unit text COLLATE "C",
    canonical_low numeric,
    canonical_high numeric,
    canonical_unit text COLLATE "C",
    second_low numeric,
    second_high numeric,
    time_low timestamptz,
    time_high timestamptz,
    value text COLLATE "C",
    normal text COLLATE "C",
    target_type text COLLATE "C",
    target_id text COLLATE "C",
    target_version text COLLATE "C",
    url text COLLATE "C",
    resource_key bigint NOT NULL
);
CREATE INDEX composite_index_value ON open.composite_index (parameter, code, low, resource_key) WHERE low IS NOT NULL;
CREATE INDEX composite_index_canonical ON open.composite_index (parameter, code, canonical_unit, canonical_low, resource_key)
    WHERE canonical_unit IS NOT NULL;
CREATE INDEX composite_index_token ON open.composite_index (parameter, code, value_code, resource_key)
    WHERE value_code IS NOT NULL AND low IS NULL;
CREATE INDEX composite_index_time ON open.composite_index (parameter, code, time_low, resource_key) WHERE time_low IS NOT NULL;
CREATE INDEX composite_index_string ON open.composite_index (parameter, code, "left"(normal, 200), resource_key)
    WHERE normal IS NOT NULL;
CREATE INDEX composite_index_target ON open.composite_index (parameter, target_id, target_type, resource_key)
    WHERE target_id IS NOT NULL;
CREATE INDEX composite_index_url ON open.composite_index (parameter, url, resource_key) WHERE url IS NOT NULL;
CREATE INDEX composite_index_resource_key ON open.composite_index (resource_key, parameter);
