package org.opensva.smmuv3.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.EventType;
import org.opensva.smmuv3.layout.Field;
import org.opensva.smmuv3.layout.Opcode;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.StreamTableEntry;
import org.opensva.smmuv3.layout.Structure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The coverage table of the module's README says what the model does. Commands and registers are
 * asked of the model itself; fields and events are listed here.
 */
class CoverageTest {

    private static final String FUNCTIONAL = "functional";
    private static final String STORED = "stored";
    private static final String UNSUPPORTED = "not supported";

    /** Registers that can be written and read but change nothing: memory attributes. */
    private static final Set<Register> STORED_REGISTERS =
            Set.of(Register.CR1, Register.GERROR_IRQ_CFG2, Register.EVENTQ_IRQ_CFG2);

    private static final Set<Field> STE =
            Set.of(
                    StreamTableEntry.V,
                    StreamTableEntry.CONFIG,
                    StreamTableEntry.S1FMT,
                    StreamTableEntry.S1CONTEXTPTR,
                    StreamTableEntry.S1CDMAX,
                    StreamTableEntry.S1DSS,
                    StreamTableEntry.PPAR,
                    StreamTableEntry.S1STALLD,
                    StreamTableEntry.EATS,
                    StreamTableEntry.S2FWB,
                    StreamTableEntry.STRW,
                    StreamTableEntry.MEMATTR,
                    StreamTableEntry.MTCFG,
                    StreamTableEntry.ALLOCCFG,
                    StreamTableEntry.SHCFG,
                    StreamTableEntry.PRIVCFG,
                    StreamTableEntry.INSTCFG,
                    StreamTableEntry.S2VMID,
                    StreamTableEntry.S2T0SZ,
                    StreamTableEntry.S2SL0,
                    StreamTableEntry.S2SH0,
                    StreamTableEntry.S2TG,
                    StreamTableEntry.S2PS,
                    StreamTableEntry.S2AA64,
                    StreamTableEntry.S2ENDI,
                    StreamTableEntry.S2AFFD,
                    StreamTableEntry.S2PTW,
                    StreamTableEntry.S2HD,
                    StreamTableEntry.S2HA,
                    StreamTableEntry.S2S,
                    StreamTableEntry.S2R,
                    StreamTableEntry.S2SL0_2,
                    StreamTableEntry.S2DS,
                    StreamTableEntry.S2TTB);

    /**
     * Hints, permissions to do more, how the SMMU's own accesses are cached in a memory without
     * caches, and what a Non-secure table ignores: ignoring them is an implementation of them.
     */
    private static final Set<Field> STE_HINTS =
            Set.of(
                    StreamTableEntry.CONT,
                    StreamTableEntry.MEV,
                    StreamTableEntry.SW_RESERVED,
                    StreamTableEntry.S1CIR,
                    StreamTableEntry.S1COR,
                    StreamTableEntry.S1CSH,
                    StreamTableEntry.S2IR0,
                    StreamTableEntry.S2OR0,
                    StreamTableEntry.NSCFG,
                    StreamTableEntry.IMPDEF1,
                    StreamTableEntry.IMPDEF2,
                    StreamTableEntry.IMPDEF4);

    private static final Set<Field> CD =
            Set.of(
                    ContextDescriptor.V,
                    ContextDescriptor.T0SZ,
                    ContextDescriptor.TG0,
                    ContextDescriptor.EPD0,
                    ContextDescriptor.T1SZ,
                    ContextDescriptor.TG1,
                    ContextDescriptor.EPD1,
                    ContextDescriptor.ENDI,
                    ContextDescriptor.IPS,
                    ContextDescriptor.AFFD,
                    ContextDescriptor.WXN,
                    ContextDescriptor.TBI0,
                    ContextDescriptor.TBI1,
                    ContextDescriptor.PAN,
                    ContextDescriptor.AA64,
                    ContextDescriptor.HD,
                    ContextDescriptor.HA,
                    ContextDescriptor.S,
                    ContextDescriptor.R,
                    ContextDescriptor.A,
                    ContextDescriptor.ASET,
                    ContextDescriptor.ASID,
                    ContextDescriptor.HAD0,
                    ContextDescriptor.HAD1,
                    ContextDescriptor.E0PD0,
                    ContextDescriptor.E0PD1,
                    ContextDescriptor.EPAN,
                    ContextDescriptor.DS,
                    ContextDescriptor.SH0,
                    ContextDescriptor.SH1,
                    ContextDescriptor.MAIR0,
                    ContextDescriptor.MAIR1,
                    ContextDescriptor.TTB0,
                    ContextDescriptor.TTB1);

    private static final Set<Field> CD_HINTS =
            Set.of(
                    ContextDescriptor.IR0,
                    ContextDescriptor.OR0,
                    ContextDescriptor.IR1,
                    ContextDescriptor.OR1,
                    ContextDescriptor.UWXN,
                    ContextDescriptor.NSCFG0,
                    ContextDescriptor.NSCFG1,
                    ContextDescriptor.AMAIR0,
                    ContextDescriptor.AMAIR1,
                    ContextDescriptor.IMPDEF5);

    private static final Set<EventType> NEVER =
            Set.of(
                    EventType.F_UUT,
                    EventType.F_TLB_CONFLICT,
                    EventType.F_CFG_CONFLICT,
                    EventType.E_PAGE_REQUEST,
                    EventType.F_VMS_FETCH);

    private static String row(String what, String section, String state) {
        return "| " + what + " | " + section + " | " + state + " |";
    }

    private static List<String> table() {
        List<String> rows = new ArrayList<>();
        rows.add("| what | section | state |");
        rows.add("|---|---|---|");
        SmmuProfile profile = SmmuProfile.complete();
        for (Register register : Register.values()) {
            boolean present =
                    register.presence().holds(profile.idr0(), profile.idr1(), profile.idr3());
            String state =
                    !present || register == Register.AGBPA
                            ? UNSUPPORTED
                            : STORED_REGISTERS.contains(register) ? STORED : FUNCTIONAL;
            rows.add(row(register.architecturalName(), register.section(), state));
        }
        try (TestMachine machine = new TestMachine(profile)) {
            machine.enable();
            for (Opcode opcode : Opcode.values()) {
                machine.command(opcode.code(), 0);
                boolean illegal = machine.commandError() != 0;
                if (illegal) {
                    long at = machine.smmu.read(Register.CMDQ_CONS.offset(), 4) & 63;
                    machine.writeWords(machine.commandQueue + 16 * at, 0x46, 0);
                    machine.acknowledgeErrors();
                }
                String state = illegal ? UNSUPPORTED : FUNCTIONAL;
                rows.add(row(opcode.structure().name(), opcode.structure().section(), state));
            }
        }
        fields(rows, "STE", StreamTableEntry.STRUCTURE, STE, STE_HINTS);
        fields(rows, "CD", ContextDescriptor.STRUCTURE, CD, CD_HINTS);
        for (EventType event : EventType.values()) {
            String state = NEVER.contains(event) ? "never raised" : FUNCTIONAL;
            rows.add(row(event.name(), event.structure().section(), state));
        }
        return rows;
    }

    private static void fields(
            List<String> rows,
            String name,
            Structure structure,
            Set<Field> functional,
            Set<Field> hints) {
        for (Field field : structure.fields()) {
            String state =
                    functional.contains(field)
                            ? FUNCTIONAL
                            : hints.contains(field) ? "ignored, as allowed" : UNSUPPORTED;
            rows.add(row(name + "." + field.name(), structure.section(), state));
        }
    }

    @Test
    void theTableOfTheReadmeIsWhatTheModelDoes() throws IOException {
        Path readme = Path.of("README.md");
        if (!Files.exists(readme)) {
            readme = Path.of("iommu-smmuv3", "README.md");
        }
        List<String> lines = Files.readAllLines(readme);
        int begin = lines.indexOf("<!-- coverage -->");
        int end = lines.indexOf("<!-- end of coverage -->");
        assertTrue(begin >= 0 && end > begin, "the README has no coverage table");
        List<String> expected = table();
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
