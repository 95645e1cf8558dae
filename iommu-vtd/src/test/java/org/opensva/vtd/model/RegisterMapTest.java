package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.opensva.vtd.layout.Access;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.FaultRecord;
import org.opensva.vtd.layout.Field;
import org.opensva.vtd.layout.Register;
import org.opensva.vtd.layout.RelocatedRegister;

import java.util.EnumSet;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;

/** The register map as software sees it, for several implementations. */
class RegisterMapTest {

    /** Registers whose writes do more than store. */
    private static final Set<Register> ACTIVE =
            EnumSet.of(Register.GCMD, Register.CCMD, Register.ECMD, Register.PMEN);

    static Stream<VtdProfile> profiles() {
        VtdProfile sva = VtdProfile.sva();
        return Stream.of(
                sva,
                sva.withDeviceTlb(false),
                sva.withFiveLevel(false).withAddressBits(46),
                without(sva, Ecap.EIM),
                without(sva, Ecap.PMS),
                VtdProfile.fromCapabilities(0x80d2008c222f0606L, 0xf00f4aL),
                VtdProfile.fromCapabilities(0x80d2008c22260206L, 0xf00f4aL),
                VtdProfile.fromCapabilities(0x80d2008c222f0686L, 0xf00f4aL),
                VtdProfile.fromCapabilities(0x81d2008c222f0606L, 0x880000f00f4aL),
                VtdProfile.fromCapabilities(0x80d2008c222f0606L, 0x480080f00f4aL),
                VtdProfile.fromCapabilities(0x80d2008c222f0606L, 0xf00f4eL),
                VtdProfile.fromCapabilities(0x81d2008c222f0606L, 0x8d9a20f00f4eL),
                VtdProfile.fromCapabilities(0x80d2008c222f0606L, 0xf00fcaL));
    }

    private static VtdProfile without(VtdProfile profile, Field feature) {
        return profile.withIdentification(
                profile.version(),
                profile.capability(),
                profile.extendedCapability() & ~feature.mask());
    }

    private static boolean isPresent(VtdProfile profile, Register register) {
        return RegisterPresence.of(register, profile.capability(), profile.extendedCapability());
    }

    private static boolean isRelocated(VtdProfile profile, long offset) {
        int iotlb = Ecap.iotlbOffset(profile.extendedCapability());
        int faults = Cap.faultRecordOffset(profile.capability());
        int end = faults + FaultRecord.BYTES * Cap.faultRecords(profile.capability());
        return offset >= iotlb && offset < iotlb + 16
                || offset >= faults && offset < end
                || PerformanceLayout.contains(offset, profile.extendedCapability());
    }

    @ParameterizedTest
    @MethodSource("profiles")
    void afterResetEveryRegisterHoldsItsResetValue(VtdProfile profile) {
        try (TestUnit t = new TestUnit(profile)) {
            for (Register register : Register.values()) {
                if (register.offset() >= Register.PERFCAP.offset()
                        && register.access() == Access.RO) {
                    continue; // what is there is an implementation's choice
                }
                long expected =
                        switch (register) {
                            case VER -> profile.version();
                            case CAP -> profile.capability();
                            case ECAP -> profile.extendedCapability();
                            default -> register.resetValue();
                        };
                assertEquals(
                        isPresent(profile, register) ? expected : 0,
                        t.get(register),
                        register.name());
            }
            for (int i = 0; i < Cap.faultRecords(profile.capability()); i++) {
                assertEquals(0, t.get(RelocatedRegister.FRCD_LO, i));
                assertEquals(0, t.get(RelocatedRegister.FRCD_HI, i));
            }
            assertEquals(0, t.get(RelocatedRegister.IOTLB, 0));
        }
    }

    @ParameterizedTest
    @MethodSource("profiles")
    void whatIsNoRegisterReadsAsZeroAndIgnoresWrites(VtdProfile profile) {
        try (TestUnit t = new TestUnit(profile)) {
            for (long offset = 0; offset < t.unit.size() + 64; offset += 4) {
                Register register = Register.at(offset);
                boolean known = register != null && isPresent(profile, register);
                if (known || isRelocated(profile, offset)) {
                    continue;
                }
                t.unit.write(offset, 4, -1L);
                assertEquals(0, t.unit.read(offset, 4), Long.toHexString(offset));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("profiles")
    void aWriteOfAnyValueChangesTheBitsThatSoftwareOwnsAndNoOther(VtdProfile profile) {
        Random random = new Random(11);
        for (Register register : Register.values()) {
            if (ACTIVE.contains(register) || register.access() == Access.RO) {
                continue;
            }
            try (TestUnit t = new TestUnit(profile)) {
                long address = -1L << profile.addressBits();
                for (int i = 0; i < 20; i++) {
                    long value = i == 0 ? -1L : random.nextLong();
                    long before = t.get(register);
                    t.set(register, value);
                    long expected =
                            isPresent(profile, register) ? register.merge(before, value) : 0;
                    switch (register) {
                        case RTADDR, IQA, PQA, PHMBASE, PHMLIMIT -> expected &= ~address;
                        case IRTA ->
                                expected &= ~(address | (profile.ecap(Ecap.EIM) ? 0 : 1L << 11));
                        default -> {}
                    }
                    assertEquals(expected, t.get(register), register.name());
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("profiles")
    void readOnlyRegistersIgnoreWrites(VtdProfile profile) {
        for (Register register : Register.values()) {
            if (register.access() == Access.RO) {
                try (TestUnit t = new TestUnit(profile)) {
                    long before = t.get(register);
                    t.set(register, -1L);
                    t.set(register, 0);
                    assertEquals(before, t.get(register), register.name());
                }
            }
        }
    }

    @Test
    void aWideRegisterMayBeWrittenAndReadInHalves() {
        Register[] wide = {
            Register.RTADDR, Register.IQA, Register.IRTA, Register.PQA, Register.PHMBASE
        };
        for (Register register : wide) {
            try (TestUnit t = new TestUnit()) {
                t.unit.write(register.offset() + 4, 4, 0x3);
                assertEquals(0x3L << 32, t.get(register), register.name());
                t.unit.write(register.offset(), 4, 0xabf0_0000L);
                assertEquals(0x3_abf0_0000L, t.get(register), register.name());
                assertEquals(0xabf0_0000L, t.unit.read(register.offset(), 4));
                assertEquals(0x3, t.unit.read(register.offset() + 4, 4));
            }
        }
    }

    @Test
    void aWideAccessToTwoNarrowRegistersIsTwoAccesses() {
        try (TestUnit t = new TestUnit()) {
            t.unit.write(Register.FEADDR.offset(), 8, 0x1_fee0_1004L);
            assertEquals(0xfee0_1004L, t.get(Register.FEADDR));
            assertEquals(1, t.get(Register.FEUADDR));
            assertEquals(0x1_fee0_1004L, t.unit.read(Register.FEADDR.offset(), 8));
            t.unit.write(Register.FECTL.offset(), 8, 0x55L << 32);
            assertEquals(0, t.get(Register.FECTL));
            assertEquals(0x55, t.get(Register.FEDATA));
        }
    }

    @Test
    void accessesOfOtherSizesAndAlignmentsReachNothing() {
        try (TestUnit t = new TestUnit()) {
            t.set(Register.FEADDR, 0xfee0_0000L);
            for (int width : new int[] {1, 2}) {
                assertEquals(0, t.unit.read(Register.FEADDR.offset(), width));
                t.unit.write(Register.FEADDR.offset(), width, 0x44);
            }
            assertEquals(0, t.unit.read(Register.FEADDR.offset() + 2, 4));
            assertEquals(0, t.unit.read(Register.FEADDR.offset() + 4, 8));
            t.unit.write(Register.FEADDR.offset() + 1, 4, 0x44);
            t.unit.write(Register.FEDATA.offset(), 8, -1L);
            assertEquals(0xfee0_0000L, t.get(Register.FEADDR));
            assertEquals(0, t.get(Register.FEDATA));
        }
    }

    @Test
    void theGlobalCommandRegisterReadsAsZero() {
        try (TestUnit t = new TestUnit()) {
            t.enableQueue();
            assertEquals(0, t.get(Register.GCMD));
        }
    }
}
