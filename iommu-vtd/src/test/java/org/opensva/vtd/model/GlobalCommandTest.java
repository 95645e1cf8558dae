package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Access;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.ControlRegisters.Gcmd;
import org.opensva.vtd.layout.ControlRegisters.Gsts;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.Register;

/** GCMD and GSTS (section 11.4.4). */
class GlobalCommandTest {

    private final TestUnit t = new TestUnit();

    private long gsts() {
        return t.get(Register.GSTS);
    }

    @Test
    void eachCommandOfItsOwnShowsInItsStatus() {
        t.command(Gcmd.SRTP, true);
        assertEquals(Gsts.RTPS.mask(), gsts());
        t.command(Gcmd.TE, true);
        assertEquals(Gsts.RTPS.mask() | Gsts.TES.mask(), gsts());
        t.command(Gcmd.QIE, true);
        t.command(Gcmd.SIRTP, true);
        t.command(Gcmd.IRE, true);
        t.command(Gcmd.CFI, true);
        assertEquals(
                Gsts.RTPS.mask()
                        | Gsts.TES.mask()
                        | Gsts.QIES.mask()
                        | Gsts.IRTPS.mask()
                        | Gsts.IRES.mask()
                        | Gsts.CFIS.mask(),
                gsts());
        t.command(Gcmd.TE, false);
        t.command(Gcmd.QIE, false);
        t.command(Gcmd.IRE, false);
        t.command(Gcmd.CFI, false);
        assertEquals(Gsts.RTPS.mask() | Gsts.IRTPS.mask(), gsts());
    }

    @Test
    void aWriteWithTwoCommandsDoesNothing() {
        long[] commands = {
            Gcmd.TE.mask(),
            Gcmd.SRTP.mask(),
            Gcmd.QIE.mask(),
            Gcmd.IRE.mask(),
            Gcmd.SIRTP.mask(),
            Gcmd.CFI.mask()
        };
        for (long one : commands) {
            for (long other : commands) {
                if (one != other) {
                    t.set(Register.GCMD, one | other);
                    assertEquals(0, gsts());
                }
            }
        }
        t.command(Gcmd.SRTP, true);
        t.command(Gcmd.TE, true);
        long before = gsts();
        t.set(Register.GCMD, Gcmd.SRTP.mask()); // would turn translation off as well
        assertEquals(before, gsts());
    }

    @Test
    void aWriteOfTheStateAsItIsDoesNothing() {
        t.enableQueue();
        t.set(Register.GCMD, gsts() & ~Gcmd.ONE_SHOT);
        assertEquals(Gsts.QIES.mask(), gsts());
    }

    @Test
    void commandsOfFeaturesThatAreNotClaimedAreIgnored() {
        for (var bit : new org.opensva.vtd.layout.Field[] {Gcmd.EAFL, Gcmd.SFL, Gcmd.WBF}) {
            t.command(bit, true);
            assertEquals(0, gsts(), bit.name());
        }
        // They do not count as commands either.
        t.set(Register.GCMD, Gcmd.SRTP.mask() | Gcmd.EAFL.mask());
        assertEquals(Gsts.RTPS.mask(), gsts());
        try (TestUnit plain =
                new TestUnit(VtdProfile.fromCapabilities(0x80d2008c222f0606L, 0xf00f40L))) {
            for (var bit : new org.opensva.vtd.layout.Field[] {Gcmd.QIE, Gcmd.IRE, Gcmd.CFI}) {
                plain.command(bit, true);
                assertEquals(0, plain.get(Register.GSTS), bit.name());
            }
        }
    }

    @Test
    void aFlushOfTheWriteBufferIsDoneAtOnce() {
        long cap = t.profile.capability() | Cap.RWBF.mask();
        try (TestUnit buffered =
                new TestUnit(
                        t.profile.withIdentification(0x60, cap, t.profile.extendedCapability()))) {
            buffered.command(Gcmd.WBF, true);
            assertEquals(0, buffered.get(Register.GSTS));
        }
    }

    @Test
    void aRootTableCountsOnceItIsSet() {
        try (TestUnit legacy = TestUnit.legacy()) {
            legacy.legacyMode();
            legacy.legacyPassThrough(0x10, 2);
            TestDevice device = new TestDevice(legacy.unit, 0x10);
            byte[] data = new byte[4];
            long ok = device.port.write(Pasid.NONE, Access.WRITE, 0x5000, data, 0, 4);
            assertTrue(DmaResult.isComplete(ok));
            legacy.set(Register.RTADDR, 0x60_0000);
            ok = device.port.write(Pasid.NONE, Access.WRITE, 0x5000, data, 0, 4);
            assertTrue(DmaResult.isComplete(ok), "RTADDR is not in force yet");
            legacy.command(Gcmd.SRTP, true);
            ok = device.port.write(Pasid.NONE, Access.WRITE, 0x5000, data, 0, 4);
            assertFalse(DmaResult.isComplete(ok));
            legacy.assertFault(FaultReason.ROOT_NOT_PRESENT, 0x10);
        }
    }

    @Test
    void withTranslationOffRequestsPassAsTheyAre() {
        TestDevice device = new TestDevice(t.unit, 0x10);
        byte[] data = {1, 2, 3, 4, 5};
        assertTrue(
                DmaResult.isComplete(
                        device.port.write(Pasid.NONE, Access.WRITE, 0x7ffe, data, 0, 5)));
        assertEquals(0x0201L << 48, t.memory.readLong(0x7ff8));
        assertEquals(0x050403L, t.memory.readLong(0x8000));
        t.scalableMode();
        assertFalse(
                DmaResult.isComplete(
                        device.port.write(Pasid.NONE, Access.WRITE, 0x7ffe, data, 0, 5)));
        t.command(Gcmd.TE, false);
        assertTrue(
                DmaResult.isComplete(
                        device.port.read(Pasid.NONE, Access.READ, 0x7ffe, data, 0, 5)));
    }
}
