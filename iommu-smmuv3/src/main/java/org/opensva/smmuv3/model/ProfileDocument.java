package org.opensva.smmuv3.model;

import org.jspecify.annotations.Nullable;
import org.opensva.smmuv3.layout.CounterGroupRegisters.Cfgr;
import org.opensva.smmuv3.layout.Field;
import org.opensva.smmuv3.layout.IdRegisters.Aidr;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.IdRegisters.Idr1;
import org.opensva.smmuv3.layout.IdRegisters.Idr3;
import org.opensva.smmuv3.layout.IdRegisters.Idr5;
import org.opensva.smmuv3.layout.IdRegisters.Iidr;
import org.opensva.smmuv3.layout.Structure;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;

/**
 * An {@link SmmuProfile} as a document that people write: a map of maps, which is what any JSON
 * library makes of an object.
 *
 * <p>Each identification register (SMMU_PMCG_CFGR of performance counters included) is either its
 * whole value or an object of its fields by their names in the specification; what is not named is
 * not claimed. Values are numbers, {@code true} and {@code false} for a field of one bit, or text
 * such as {@code "0x1b"}. Sizes that are not named are those of {@link SmmuProfile#sva()}.
 *
 * <pre>{@code
 * {"IDR0": {"S1P": true, "TTF": 2, "TTENDIAN": 2, "STALL_MODEL": 1, "ST_LEVEL": 1},
 *  "IDR1": "0x02730010", "IDR5": {"OAS": 5, "GRAN4K": 1}, "iotlbEntries": 4096}
 * }</pre>
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class ProfileDocument {

    private static final String COUNTERS = "PMCG_CFGR";
    private static final String IOTLB = "iotlbEntries";
    private static final String WALK_CACHE = "walkCacheEntries";
    private static final String CONTEXT_CACHE = "contextCacheEntries";
    private static final String ATC_TIMEOUT = "atcTimeoutNanos";

    private static final Map<String, Structure> REGISTERS = registers();

    private ProfileDocument() {}

    private static Map<String, Structure> registers() {
        Map<String, Structure> registers = new LinkedHashMap<>();
        registers.put("IDR0", Idr0.STRUCTURE);
        registers.put("IDR1", Idr1.STRUCTURE);
        registers.put("IDR3", Idr3.STRUCTURE);
        registers.put("IDR5", Idr5.STRUCTURE);
        registers.put("IIDR", Iidr.STRUCTURE);
        registers.put("AIDR", Aidr.STRUCTURE);
        registers.put(COUNTERS, Cfgr.STRUCTURE);
        return registers;
    }

    /**
     * Reads a profile.
     *
     * @param document the document
     * @return the profile
     * @throws IllegalArgumentException with one line that names the entry, if it is unknown, has no
     *     value of its kind, contradicts another one, or claims what the model does not do
     */
    public static SmmuProfile read(Map<String, ?> document) {
        Map<String, Object> rest = new LinkedHashMap<>(document);
        SmmuProfile base = SmmuProfile.sva();
        Map<String, Long> words = new LinkedHashMap<>();
        REGISTERS.forEach(
                (name, structure) -> words.put(name, word(name, structure, rest.remove(name))));
        int iotlb = size(IOTLB, rest.remove(IOTLB), base.iotlbEntries());
        int walk = size(WALK_CACHE, rest.remove(WALK_CACHE), base.walkCacheEntries());
        int contexts = size(CONTEXT_CACHE, rest.remove(CONTEXT_CACHE), base.contextCacheEntries());
        Object timeout = rest.remove(ATC_TIMEOUT);
        long nanos = timeout == null ? base.atcTimeoutNanos() : number(ATC_TIMEOUT, timeout);
        if (!rest.isEmpty()) {
            String unknown = new TreeSet<>(rest.keySet()).first();
            throw new IllegalArgumentException(unknown + ": a profile has no such entry");
        }
        long idr0 = of(words, "IDR0");
        long idr1 = of(words, "IDR1");
        long idr3 = of(words, "IDR3");
        long idr5 = of(words, "IDR5");
        long iidr = of(words, "IIDR");
        long aidr = of(words, "AIDR");
        new ProfileRules(idr0, idr1, idr3, idr5).checkSense(iidr, aidr);
        return base.withIdentification(idr0, idr1, idr3, idr5, iidr, aidr)
                .withCounterGroup(of(words, COUNTERS))
                .withCaches(iotlb, walk, contexts)
                .withAtcTimeout(nanos);
    }

    /**
     * Writes a profile, with every claimed field by its name.
     *
     * @param profile the profile
     * @return a document that {@link #read} makes the same profile of
     */
    public static Map<String, Object> write(SmmuProfile profile) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("IDR0", fields(Idr0.STRUCTURE, profile.idr0()));
        document.put("IDR1", fields(Idr1.STRUCTURE, profile.idr1()));
        document.put("IDR3", fields(Idr3.STRUCTURE, profile.idr3()));
        document.put("IDR5", fields(Idr5.STRUCTURE, profile.idr5()));
        document.put("IIDR", fields(Iidr.STRUCTURE, profile.iidr()));
        document.put("AIDR", fields(Aidr.STRUCTURE, profile.aidr()));
        document.put(COUNTERS, fields(Cfgr.STRUCTURE, profile.counterGroup()));
        document.put(IOTLB, profile.iotlbEntries());
        document.put(WALK_CACHE, profile.walkCacheEntries());
        document.put(CONTEXT_CACHE, profile.contextCacheEntries());
        document.put(ATC_TIMEOUT, profile.atcTimeoutNanos());
        return document;
    }

    private static Map<String, Object> fields(Structure structure, long word) {
        Map<String, Object> fields = new LinkedHashMap<>();
        for (Field field : structure.fields()) {
            if (field.isSet(word)) {
                fields.put(field.name(), field.get(word));
            }
        }
        return fields;
    }

    private static long of(Map<String, Long> words, String register) {
        return words.getOrDefault(register, 0L);
    }

    private static long word(String register, Structure structure, @Nullable Object value) {
        if (value == null) {
            return 0;
        }
        if (!(value instanceof Map<?, ?> claims)) {
            long word = number(register, value);
            if (word >>> 32 != 0) {
                throw new IllegalArgumentException(register + " has 32 bits");
            }
            return word;
        }
        long word = 0;
        for (Map.Entry<?, ?> claim : claims.entrySet()) {
            String name = register + "." + claim.getKey();
            Field field = field(structure, claim.getKey());
            if (field == null) {
                throw new IllegalArgumentException(name + ": the register has no such field");
            }
            long number = number(name, claim.getValue());
            if (!field.fits(number)) {
                throw new IllegalArgumentException(
                        name + " is " + number + ", must be at most " + field.max());
            }
            word |= field.place(number);
        }
        return word;
    }

    private static @Nullable Field field(Structure structure, @Nullable Object name) {
        for (Field field : structure.fields()) {
            if (field.name().equals(name)) {
                return field;
            }
        }
        return null;
    }

    private static int size(String name, @Nullable Object value, int otherwise) {
        if (value == null) {
            return otherwise;
        }
        long number = number(name, value);
        if (number > 1 << 24) {
            throw new IllegalArgumentException(name + " is " + number + ", must be at most 2^24");
        }
        return (int) number;
    }

    private static long number(String name, @Nullable Object value) {
        if (value instanceof Boolean flag) {
            return flag ? 1 : 0;
        }
        if (value instanceof Integer || value instanceof Long) {
            long number = ((Number) value).longValue();
            if (number >= 0) {
                return number;
            }
        } else if (value instanceof String text) {
            try {
                long number = Long.decode(text);
                if (number >= 0) {
                    return number;
                }
            } catch (NumberFormatException e) {
                // Told below, as for any other value that is no number.
            }
        }
        throw new IllegalArgumentException(name + ": " + value + " is no number from 0 on");
    }
}
