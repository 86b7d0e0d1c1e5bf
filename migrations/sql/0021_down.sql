-- The definitions stay, as resources that anybody may change.
DROP TABLE open.own_definitions, open.canonical_base;
