DO $do$
DECLARE
    fired record;
BEGIN
    FOR fired IN
        SELECT t.tgname AS name, t.tgrelid::regclass AS versioned FROM pg_trigger t
        WHERE t.tgname IN ('fhir_40_forget_texts', 'fhir_40_queue_texts_insert', 'fhir_40_queue_texts_update')
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', fired.name, fired.versioned);
    END LOOP;
END $do$;
DROP FUNCTION fhir_queue_texts_phi(), fhir_queue_texts_open(), fhir_forget_texts_phi(), fhir_forget_texts_open();
DROP TABLE phi.text_index, open.text_index, phi.text_queue, open.text_queue;
DROP INDEX fhir_patient_strings_phonetic, fhir_practitioners_last_name_phonetic, fhir_practitioners_first_name_phonetic,
    organizations_phonetic, phi.string_index_phonetic, open.string_index_phonetic;
DROP FUNCTION fhir_phonetic(text);
