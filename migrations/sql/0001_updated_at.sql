-- MySQL's ON UPDATE CURRENT_TIMESTAMP: an UPDATE that changes something and does not set updated_at itself sets it.

CREATE FUNCTION portal_touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := pg_catalog.now();
    RETURN NEW;
END $$;

CREATE TRIGGER portal_touch BEFORE UPDATE ON users FOR EACH ROW
    WHEN (OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at AND OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION portal_touch_updated_at();
CREATE TRIGGER portal_touch BEFORE UPDATE ON organizations FOR EACH ROW
    WHEN (OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at AND OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION portal_touch_updated_at();
CREATE TRIGGER portal_touch BEFORE UPDATE ON roles FOR EACH ROW
    WHEN (OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at AND OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION portal_touch_updated_at();
CREATE TRIGGER portal_touch BEFORE UPDATE ON fhir_patients FOR EACH ROW
    WHEN (OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at AND OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION portal_touch_updated_at();
CREATE TRIGGER portal_touch BEFORE UPDATE ON fhir_practitioners FOR EACH ROW
    WHEN (OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at AND OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION portal_touch_updated_at();
CREATE TRIGGER portal_touch BEFORE UPDATE ON fhir_facilities FOR EACH ROW
    WHEN (OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at AND OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION portal_touch_updated_at();
CREATE TRIGGER portal_touch BEFORE UPDATE ON fhir_observations FOR EACH ROW
    WHEN (OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at AND OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION portal_touch_updated_at();
CREATE TRIGGER portal_touch BEFORE UPDATE ON manufacturers FOR EACH ROW
    WHEN (OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at AND OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION portal_touch_updated_at();
CREATE TRIGGER portal_touch BEFORE UPDATE ON products FOR EACH ROW
    WHEN (OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at AND OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION portal_touch_updated_at();
CREATE TRIGGER portal_touch BEFORE UPDATE ON product_requests FOR EACH ROW
    WHEN (OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at AND OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION portal_touch_updated_at();
CREATE TRIGGER portal_touch BEFORE UPDATE ON orders FOR EACH ROW
    WHEN (OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at AND OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION portal_touch_updated_at();
CREATE TRIGGER portal_touch BEFORE UPDATE ON order_items FOR EACH ROW
    WHEN (OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at AND OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION portal_touch_updated_at();
CREATE TRIGGER portal_touch BEFORE UPDATE ON eligibility_checks FOR EACH ROW
    WHEN (OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at AND OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION portal_touch_updated_at();
CREATE TRIGGER portal_touch BEFORE UPDATE ON medicare_mac_validations FOR EACH ROW
    WHEN (OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at AND OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION portal_touch_updated_at();
CREATE TRIGGER portal_touch BEFORE UPDATE ON prior_authorizations FOR EACH ROW
    WHEN (OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at AND OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION portal_touch_updated_at();
CREATE TRIGGER portal_touch BEFORE UPDATE ON patient_manufacturer_ivr_episodes FOR EACH ROW
    WHEN (OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at AND OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION portal_touch_updated_at();
CREATE TRIGGER portal_touch BEFORE UPDATE ON docuseal_submissions FOR EACH ROW
    WHEN (OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at AND OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION portal_touch_updated_at();
CREATE TRIGGER portal_touch BEFORE UPDATE ON commission_records FOR EACH ROW
    WHEN (OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at AND OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION portal_touch_updated_at();
CREATE TRIGGER portal_touch BEFORE UPDATE ON clinical_opportunities FOR EACH ROW
    WHEN (OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at AND OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION portal_touch_updated_at();
CREATE TRIGGER portal_touch BEFORE UPDATE ON accounts FOR EACH ROW
    WHEN (OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at AND OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION portal_touch_updated_at();
CREATE TRIGGER portal_touch BEFORE UPDATE ON categories FOR EACH ROW
    WHEN (OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at AND OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION portal_touch_updated_at();
CREATE TRIGGER portal_touch BEFORE UPDATE ON user_organizations FOR EACH ROW
    WHEN (OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at AND OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION portal_touch_updated_at();
