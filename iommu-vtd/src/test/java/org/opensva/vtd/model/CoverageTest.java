package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.DescriptorType;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.Field;
import org.opensva.vtd.layout.InvalidationDescriptor;
import org.opensva.vtd.layout.Layouts;
import org.opensva.vtd.layout.Register;
import org.opensva.vtd.layout.RelocatedRegister;
import org.opensva.vtd.layout.Structure;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The coverage table of the module's README says what the model does. Registers and descriptors are
 * asked of the model; a field or fault reason is functional if the compiled code of the model
 * reaches it; and everything else has its reason here, which must neither lack nor be superfluous.
 */
class CoverageTest {

    private static final String FUNCTIONAL = "functional";
    private static final String REMOVED = "reserved: revision 4.0 removed it";
    private static final String SOFTWARE = "ignored: for software";
    private static final String DRAINED = "functional: every invalidation drains";
    private static final String MEMORY_TYPE = "ignored: emulated memory has no types";
    private static final String NO_LOG = "not supported: CAP.AFL is not claimed";
    private static final String SHARED = "functional: read as the same bits of the other kind";

    /** Why a field is not looked at, or how it works nevertheless. */
    private static final Map<String, String> NOTES = notes();

    private static Map<String, String> notes() {
        Map<String, String> notes = new TreeMap<>();
        notes.put("ContextEntry.IGN", SOFTWARE);
        notes.put("ContextEntry.SSPTPTR", "functional: the same bits as in PASID table entries");
        notes.put("PerformanceRegisters.Ecrsp.IP", "functional: a command is done at once");
        notes.put("PerformanceRegisters.Filter.VALUE", "functional: requester ids");
        notes.put("ScalableRootEntry.UP", "functional: the upper half is read as the lower");
        notes.put("ScalableRootEntry.UCTP", "functional: the upper half is read as the lower");
        for (String old : List.of("SLEE", "EMT", "PWT", "PCD")) {
            notes.put("PasidTableEntry." + old, REMOVED);
        }
        notes.put("PasidTableEntry.NXE", "ignored: so since revision 4.0");
        for (String type : List.of("PWT", "PCD", "PAT")) {
            notes.put("FirstStageEntry." + type, MEMORY_TYPE);
        }
        notes.put("FirstStageEntry.G", "ignored: so since revision 4.0");
        notes.put("SecondStageEntry.X", "ignored: so since revision 4.0");
        notes.put("SecondStageEntry.EMT", MEMORY_TYPE);
        notes.put("SecondStageEntry.IPAT", MEMORY_TYPE);
        notes.put("InvalidationDescriptor.DW", DRAINED);
        notes.put("InvalidationDescriptor.DR", DRAINED);
        notes.put("IotlbRegisters.Iotlb.DW", DRAINED);
        notes.put("IotlbRegisters.Iotlb.DR", DRAINED);
        notes.put("InvalidationDescriptor.PDP", REMOVED);
        notes.put("PageRequestDescriptor.TYPE", "functional: there is one type");
        notes.put("PageRequestDescriptor.PDP", REMOVED);
        notes.put("PageRequestDescriptor.PRIVATE_LOW", REMOVED);
        notes.put("PageRequestDescriptor.PRIVATE_HIGH", REMOVED);
        notes.put("RemappedInterruptEntry.AVAIL", SOFTWARE);
        notes.put("PostedInterruptEntry.AVAIL", SOFTWARE);
        for (String shared : List.of("P", "FPD", "IM", "SID", "SQ", "SVT")) {
            notes.put("PostedInterruptEntry." + shared, SHARED);
        }
        for (int i = 0; i < 4; i++) {
            notes.put("PostedInterruptDescriptor.PIR" + i, "functional: found by the vector");
        }
        notes.put("InterruptMessage.RemappableAddress.BASE", "functional: 0xfee");
        notes.put("InterruptMessage.CompatibilityAddress.BASE", "functional: 0xfee");
        notes.put("InterruptMessage.CompatibilityAddress.FORMAT", SHARED);
        notes.put("CapabilityRegisters.Ver.MIN", "functional: nothing depends on it");
        notes.put(
                "CapabilityRegisters.Cap.CM",
                "functional: what is not present may be cached, and is not");
        notes.put("ControlRegisters.Gcmd.EAFL", NO_LOG);
        notes.put("ControlRegisters.Gcmd.SFL", NO_LOG);
        notes.put("ControlRegisters.Gsts.AFLS", NO_LOG);
        notes.put("ControlRegisters.Gsts.FLS", NO_LOG);
        notes.put("ControlRegisters.Gsts.WBFS", "functional: a flush is done at once");
        notes.put("EventRegisters.Fsts.AFO", NO_LOG);
        notes.put("EventRegisters.Fsts.APF", NO_LOG);
        notes.put("EventRegisters.Fsts.PRO", "reserved: PRS.PRO since revision 3.0");
        notes.put("EventRegisters.Aflog.FLS", NO_LOG);
        notes.put("EventRegisters.Aflog.FLA", NO_LOG);
        return notes;
    }

    /** Why a reason is never recorded. */
    private static final Map<FaultReason, String> NEVER =
            Map.of(
                    FaultReason.RID_PASID_INVALID,
                    "never raised: what is wrong with RID_PASID is SCT.4 here",
                    FaultReason.TABLE_MODE_RTA_4,
                    "never raised: its text is not public",
                    FaultReason.SCALABLE_SGN_9,
                    "never raised: its text is not public",
                    FaultReason.SCALABLE_SGN_10,
                    "never raised: its text is not public");

    private final ModelReferences references = new ModelReferences(Set.of("FaultResponse"));
    private final Map<Field, String> names = names();
    private final Set<String> used = new HashSet<>();
    private final List<String> missing = new ArrayList<>();

    /**
     * Every field constant of the layouts, by identity, as equal fields have different meanings.
     */
    private static Map<Field, String> names() {
        Map<Field, String> names = new IdentityHashMap<>();
        for (Class<?> type : layouts()) {
            for (java.lang.reflect.Field constant : type.getFields()) {
                if (constant.getType() == Field.class
                        && Modifier.isStatic(constant.getModifiers())) {
                    try {
                        String owner = type.getName().substring(type.getPackageName().length() + 1);
                        names.put(
                                (Field) constant.get(null),
                                owner.replace('$', '.') + "." + constant.getName());
                    } catch (IllegalAccessException e) {
                        throw new AssertionError(e);
                    }
                }
            }
        }
        return names;
    }

    private static List<Class<?>> layouts() {
        String prefix = Field.class.getPackageName();
        try {
            Path root =
                    Path.of(
                            Field.class
                                    .getProtectionDomain()
                                    .getCodeSource()
                                    .getLocation()
                                    .toURI());
            try (Stream<Path> files = Files.walk(root.resolve(prefix.replace('.', '/')))) {
                List<Class<?>> types = new ArrayList<>();
                for (Path file : (Iterable<Path>) files::iterator) {
                    String name = file.getFileName().toString();
                    if (name.endsWith(".class") && !name.startsWith("package-info")) {
                        types.add(Class.forName(prefix + "." + name.replace(".class", "")));
                    }
                }
                return types;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException | ClassNotFoundException e) {
            throw new AssertionError(e);
        }
    }

    private static String row(String what, String section, String state) {
        return "| " + what + " | " + section + " | " + state + " |";
    }

    private List<String> table() {
        List<String> rows = new ArrayList<>();
        rows.add("| what | section | state |");
        rows.add("|---|---|---|");
        registers(rows);
        descriptors(rows);
        for (Structure structure : Layouts.all()) {
            for (Field field : structure.fields()) {
                rows.add(
                        row(
                                structure.name() + "." + field.name(),
                                structure.section(),
                                state(structure, field)));
            }
            for (Field field : structure.overlays()) {
                rows.add(
                        row(
                                structure.name() + "." + field.name() + " (overlay)",
                                structure.section(),
                                state(structure, field)));
            }
        }
        for (FaultReason reason : FaultReason.values()) {
            String member = "FaultReason." + reason.name();
            String note = NEVER.get(reason);
            if (references.reaches(member) == (note != null)) {
                missing.add(member);
            }
            rows.add(
                    row(
                            String.format("fault 0x%02x %s", reason.code(), reason.name()),
                            reason.condition(),
                            note == null ? FUNCTIONAL : note));
        }
        return rows;
    }

    private static void registers(List<String> rows) {
        VtdProfile profile = VtdProfile.sva();
        for (Register register : Register.values()) {
            boolean present =
                    RegisterPresence.of(
                            register, profile.capability(), profile.extendedCapability());
            rows.add(
                    row(
                            register.architecturalName(),
                            register.section(),
                            present ? FUNCTIONAL : NO_LOG));
        }
        for (RelocatedRegister register : RelocatedRegister.values()) {
            rows.add(row(register + "_REG", register.section(), FUNCTIONAL));
        }
    }

    private static void descriptors(List<String> rows) {
        DescriptorRules rules = new DescriptorRules(VtdProfile.sva());
        for (DescriptorType type : DescriptorType.values()) {
            long w0 = InvalidationDescriptor.placeType(type.code());
            boolean present = rules.type(w0, true) == type;
            rows.add(
                    row(
                            type.structure().name(),
                            type.structure().section(),
                            present ? FUNCTIONAL : "not supported"));
        }
    }

    private String state(Structure structure, Field field) {
        String refusal = refusal(structure, field);
        if (refusal != null) {
            return refusal;
        }
        String member = names.get(field);
        if (member == null) {
            throw new AssertionError(structure.name() + "." + field.name() + " has no constant");
        }
        String note = NOTES.get(member);
        boolean wide = member.startsWith("PerformanceRegisters.Counter") && note == null;
        if (references.reaches(member)) {
            if (note != null) {
                missing.add(member + " is reached: its note is superfluous");
            }
            return FUNCTIONAL;
        }
        if (note == null && (wide || isWhole(structure))) {
            return wide ? "reads as zero: every counter has the common capability" : FUNCTIONAL;
        }
        if (note == null) {
            missing.add(member + " is not reached and has no note");
            return "?";
        }
        used.add(member);
        return note;
    }

    /** Registers whose only field is the whole of what is stored, which needs no name in code. */
    private static boolean isWhole(Structure structure) {
        return Set.of(
                        "FEDATA_REG",
                        "FEADDR_REG",
                        "FEUADDR_REG",
                        "PLMBASE_REG",
                        "PLMLIMIT_REG",
                        "PHMBASE_REG",
                        "PHMLIMIT_REG")
                .contains(structure.name());
    }

    /** Why a capability cannot be claimed, or null. */
    private static @Nullable String refusal(Structure structure, Field field) {
        VtdProfile sva = VtdProfile.sva();
        boolean cap = structure.equals(Cap.STRUCTURE);
        if (!cap && !structure.equals(Ecap.STRUCTURE) || field.width() > 1) {
            return null;
        }
        try {
            sva.withIdentification(
                    sva.version(),
                    sva.capability() | (cap ? field.mask() : 0),
                    sva.extendedCapability() | (cap ? 0 : field.mask()));
            return null;
        } catch (IllegalArgumentException e) {
            return "cannot be claimed: " + e.getMessage().replaceAll(".*modelled: ", "");
        }
    }

    @Test
    void theTableOfTheReadmeIsWhatTheModelDoes() throws IOException {
        Path readme = Path.of("README.md");
        if (!Files.readString(readme).startsWith("# iommu-vtd")) {
            readme = Path.of("iommu-vtd", "README.md");
        }
        List<String> lines = Files.readAllLines(readme);
        int begin = lines.indexOf("<!-- coverage -->");
        int end = lines.indexOf("<!-- end of coverage -->");
        assertTrue(begin >= 0 && end > begin, "the README has no coverage table");
        List<String> expected = table();
        assertEquals(List.of(), missing);
        Set<String> superfluous = new HashSet<>(NOTES.keySet());
        superfluous.removeAll(used);
        assertEquals(Set.of(), superfluous, "notes about nothing");
        if (Boolean.getBoolean("opensva.write")) {
            List<String> rewritten = new ArrayList<>(lines.subList(0, begin + 1));
            rewritten.addAll(expected);
            rewritten.addAll(lines.subList(end, lines.size()));
            Files.write(readme, rewritten);
            return;
        }
        assertEquals(
                String.join("\n", expected),
                String.join("\n", lines.subList(begin + 1, end)),
                "run this test with -Dopensva.write=true to write the table");
    }
}
