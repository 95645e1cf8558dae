package org.opensva.emulated.profile;

import org.jspecify.annotations.Nullable;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.Field;
import org.opensva.vtd.layout.Structure;
import org.opensva.vtd.model.VtdProfile;

import java.util.Map;

/**
 * Reads what a VT-d remapping unit claims: what is named changes {@link VtdProfile#sva()}.
 *
 * <p>{@code CAP} and {@code ECAP} are objects of fields by their names in the specification, with
 * numbers or, for one bit, true and false; or text with the whole value, such as {@code "0x1b"}.
 * The other fields are those of the profile.
 */
final class VtdDocument {

    private static final int GREATEST_SIZE = 1 << 24;

    private VtdDocument() {}

    static VtdProfile read(ProfileFields fields) {
        VtdProfile base = VtdProfile.sva();
        try {
            VtdProfile profile =
                    new VtdProfile(
                            fields.integer("version", 0x10, 0xff, base.version()),
                            register(fields, "CAP", Cap.STRUCTURE, base.capability()),
                            register(fields, "ECAP", Ecap.STRUCTURE, base.extendedCapability()),
                            fields.integer("addressBits", 32, 52, base.addressBits()),
                            size(fields, "iotlbEntries", base.iotlbEntries()),
                            size(fields, "walkCacheEntries", base.walkCacheEntries()),
                            size(fields, "contextCacheEntries", base.contextCacheEntries()),
                            size(fields, "pasidCacheEntries", base.pasidCacheEntries()),
                            1_000_000L
                                    * fields.integer(
                                            "deviceTlbTimeoutMillis",
                                            1,
                                            600_000,
                                            (int) (base.deviceTlbTimeoutNanos() / 1_000_000)));
            fields.mustBeEmpty();
            return profile;
        } catch (IllegalArgumentException e) {
            throw fields.wrong(String.valueOf(e.getMessage()));
        }
    }

    private static int size(ProfileFields fields, String name, int otherwise) {
        return fields.integer(name, 1, GREATEST_SIZE, otherwise);
    }

    private static long register(
            ProfileFields fields, String name, Structure structure, long otherwise) {
        if (!fields.has(name)) {
            return otherwise;
        }
        if (fields.isText(name)) {
            return fields.number(name);
        }
        ProfileFields claims = fields.object(name);
        long word = otherwise;
        for (Map.Entry<String, @Nullable Object> claim : claims.takeRest().entrySet()) {
            String field = claim.getKey();
            Field place =
                    structure.fields().stream()
                            .filter(known -> known.name().equals(field))
                            .findFirst()
                            .orElseThrow(() -> claims.wrong(field, "is no field of the register"));
            Object value = claim.getValue();
            long number =
                    value instanceof Boolean bit
                            ? (bit ? 1 : 0)
                            : value instanceof Integer given ? given : -1;
            if (number < 0 || !place.fits(number)) {
                throw claims.wrong(field, "is not a number from 0 to " + place.max());
            }
            word = place.set(word, number);
        }
        return word;
    }
}
