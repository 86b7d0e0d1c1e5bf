-- How words of names sound: the American Soundex code of each word of a text, once. Words without a Latin letter sound as they are
-- written, up to what an index entry can hold. The Python side has no such function: searched words go through this one too, so that both always agree.
CREATE FUNCTION fhir_phonetic(value text) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN (
        SELECT array_agg(DISTINCT CASE WHEN w.latin = '' THEN left(w.word, 60) ELSE upper(left(w.latin, 1) COLLATE "C") || rpad(left(replace(substr(
            -- first letters between which h or w stands have one code together, and so have neighbours
            regexp_replace(
                translate(left(w.latin, 1) || translate(substr(w.latin, 2), 'hw', ''),
                          'abcdefghijklmnopqrstuvwxyz', '01230120022455012623010202'),
                '(.)\1+', '\1', 'g'),
            2), '0', ''), 3), 3, '0') END)
        FROM (
            SELECT found.word, regexp_replace(translate(found.word, 'øłđðæœþ', 'olddaot'), '[^a-z]', '', 'g') AS latin
            FROM regexp_split_to_table(
                public.fhir_normalize(regexp_replace(value, '[-/.,;''’·‐-―]', ' ', 'g')), ' ') AS found (word)
            WHERE found.word <> ''
        ) AS w
    );

CREATE INDEX fhir_patient_strings_phonetic ON fhir_patient_strings USING gin (fhir_phonetic(value))
    WHERE element IN ('family', 'given', 'prefix', 'suffix', 'name-text');
CREATE INDEX fhir_practitioners_last_name_phonetic ON fhir_practitioners USING gin (fhir_phonetic(user_snapshot ->> 'last_name'));
CREATE INDEX fhir_practitioners_first_name_phonetic ON fhir_practitioners USING gin (fhir_phonetic(user_snapshot ->> 'first_name'));
CREATE INDEX organizations_phonetic ON organizations USING gin (fhir_phonetic(name));

-- The numbers of the parameter name of Patient, Person, Practitioner, RelatedPerson, Organization and InsurancePlan.
CREATE INDEX string_index_phonetic ON phi.string_index USING gin (fhir_phonetic(value)) WHERE parameter IN (230228432, 924902345, -1208722762, -1167533860, 494586101, -803932337);
CREATE INDEX string_index_phonetic ON open.string_index USING gin (fhir_phonetic(value)) WHERE parameter IN (230228432, 924902345, -1208722762, -1167533860, 494586101, -803932337);
