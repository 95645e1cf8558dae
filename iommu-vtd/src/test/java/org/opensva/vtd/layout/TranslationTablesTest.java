package org.opensva.vtd.layout;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.vtd.layout.SpecificationBits.assertMatches;

import org.junit.jupiter.api.Test;

import java.util.Random;

final class TranslationTablesTest {
    @Test
    void rootAndContextFieldsStandAtTheBitsOfSections9Point1To9Point4() {
        assertMatches(RootEntry.STRUCTURE, "P 0 0\nCTP 63 12");
        assertMatches(ScalableRootEntry.STRUCTURE, "LP 0 0\nLCTP 63 12\nUP 64 64\nUCTP 127 76");
        assertMatches(
                ContextEntry.STRUCTURE,
                """
                P 0 0
                FPD 1 1
                TT 3 2
                SSPTPTR 63 12
                AW 66 64
                IGN 70 67
                DID 87 72
                """);
        assertMatches(
                ScalableContextEntry.STRUCTURE,
                """
                P 0 0
                FPD 1 1
                DTE 2 2
                PASIDE 3 3
                PRE 4 4
                PDTS 11 9
                PASIDDIRPTR 63 12
                RID_PASID 83 64
                RID_PRIV 84 84
                """);
    }

    @Test
    void pasidFieldsStandAtTheBitsOfSections9Point5And9Point6() {
        assertMatches(PasidDirectoryEntry.STRUCTURE, "P 0 0\nFPD 1 1\nSMPTBLPTR 63 12");
        assertMatches(
                PasidTableEntry.STRUCTURE,
                """
                P 0 0
                FPD 1 1
                AW 4 2
                ~SLEE 5 5
                PGTT 8 6
                SSADE 9 9
                SSPTPTR 63 12
                DID 79 64
                PWSNP 87 87
                PGSNP 88 88
                CD 89 89
                EMTE 90 90
                ~EMT 93 91
                ~PWT 94 94
                ~PCD 95 95
                PAT 127 96
                SRE 128 128
                ~ERE 129 129
                FSPM 131 130
                WPE 132 132
                NXE 133 133
                SMEP 134 134
                EAFE 135 135
                FSPTPTR 191 140
                """);
    }

    @Test
    void reservedBitsOfTheTablesAreThoseOfTheSourcesMasks() {
        assertEquals(0xffeL, ~RootEntry.STRUCTURE.definedBits(0));
        assertEquals(-1L, ~RootEntry.STRUCTURE.definedBits(1));
        assertEquals(0xffeL, ~ScalableRootEntry.STRUCTURE.definedBits(1));
        assertEquals(0xff0L, ~ContextEntry.STRUCTURE.definedBits(0));
        assertEquals(0xffff_ffff_ff00_0080L, ~ContextEntry.STRUCTURE.definedBits(1));
        assertEquals(0x1e0L, ~ScalableContextEntry.STRUCTURE.definedBits(0));
        assertEquals(0xffff_ffff_ffe0_0000L, ~ScalableContextEntry.STRUCTURE.definedBits(1));
        assertEquals(-1L, ~ScalableContextEntry.STRUCTURE.definedBits(2));
        assertEquals(-1L, ~ScalableContextEntry.STRUCTURE.definedBits(3));
        assertEquals(0xffcL, ~PasidDirectoryEntry.STRUCTURE.definedBits(0));
        assertEquals(0xc20L, ~PasidTableEntry.STRUCTURE.definedBits(0));
        assertEquals(0xf87f_0000L, ~PasidTableEntry.STRUCTURE.definedBits(1));
        assertEquals(0xf02L, ~PasidTableEntry.STRUCTURE.definedBits(2));
        for (int word = 3; word < PasidTableEntry.WORDS; word++) {
            assertEquals(-1L, ~PasidTableEntry.STRUCTURE.definedBits(word));
        }
    }

    @Test
    void everySourceIdAndPasidHasItsOwnPlace() {
        for (int sourceId = 0; sourceId < 0x10000; sourceId++) {
            int bus = sourceId >> 8;
            int devfn = sourceId & 0xff;
            assertEquals(16 * bus, RootEntry.offset(sourceId));
            assertEquals(16 * bus + (devfn < 128 ? 0 : 8), ScalableRootEntry.offset(sourceId));
            assertEquals(16 * devfn, ContextEntry.offset(sourceId));
            assertEquals(32 * (devfn % 128), ScalableContextEntry.offset(sourceId));
        }
        for (int pasid = 0; pasid < 1 << 20; pasid += 61) {
            assertEquals(8 * (pasid / 64), PasidDirectoryEntry.offset(pasid));
            assertEquals(64 * (pasid % 64), PasidTableEntry.offset(pasid));
        }
        assertEquals(131064, PasidDirectoryEntry.offset((1 << 20) - 1));
        assertEquals(4032, PasidTableEntry.offset((1 << 20) - 1));
        assertEquals(4096, RootEntry.ENTRIES * RootEntry.BYTES);
        assertEquals(4096, ContextEntry.ENTRIES * ContextEntry.BYTES);
        assertEquals(4096, ScalableContextEntry.ENTRIES * ScalableContextEntry.BYTES);
        assertEquals(4096, PasidTableEntry.ENTRIES * PasidTableEntry.BYTES);
    }

    @Test
    void aDirectorySpansTwoToThePdtsPlus13Pasids() {
        int[] limits = {8192, 16384, 32768, 65536, 131072, 262144, 524288, 1048576};
        for (int pdts = 0; pdts < 8; pdts++) {
            assertEquals(limits[pdts], ScalableContextEntry.pasidLimit((long) pdts << 9 | 0x1ff));
        }
    }

    @Test
    void translationTypesHaveTheirNumbers() {
        assertEquals(0, ContextEntry.TT_UNTRANSLATED);
        assertEquals(1, ContextEntry.TT_ALL);
        assertEquals(2, ContextEntry.TT_PASS_THROUGH);
        assertEquals(3, ContextEntry.TT_RESERVED);
        assertEquals(1, PasidTableEntry.PGTT_FIRST_STAGE);
        assertEquals(2, PasidTableEntry.PGTT_SECOND_STAGE);
        assertEquals(3, PasidTableEntry.PGTT_NESTED);
        assertEquals(4, PasidTableEntry.PGTT_PASS_THROUGH);
        assertEquals(0, ControlRegisters.Rtaddr.TTM_LEGACY);
        assertEquals(1, ControlRegisters.Rtaddr.TTM_SCALABLE);
        assertEquals(2, ControlRegisters.Rtaddr.TTM_RESERVED);
        assertEquals(3, ControlRegisters.Rtaddr.TTM_ABORT_DMA);
        assertEquals(4, PasidTableEntry.firstStageLevels(PasidTableEntry.FSPM_4_LEVEL << 2));
        assertEquals(5, PasidTableEntry.firstStageLevels(PasidTableEntry.FSPM_5_LEVEL << 2));
    }

    @Test
    void widthsAreSupportedByTheBitOfSagawWithTheirNumber() {
        for (int sagaw = 0; sagaw < 32; sagaw++) {
            long cap = (long) sagaw << 8;
            for (int aw = 0; aw < 8; aw++) {
                boolean named = aw >= 1 && aw <= 3;
                assertEquals(
                        named && (sagaw >> aw & 1) != 0, AddressWidth.supported(aw, cap), "" + aw);
            }
        }
        assertEquals(39, AddressWidth.bits(AddressWidth.AW_39));
        assertEquals(48, AddressWidth.bits(AddressWidth.AW_48));
        assertEquals(57, AddressWidth.bits(AddressWidth.AW_57));
        assertEquals(3, AddressWidth.levels(AddressWidth.AW_39));
        assertEquals(5, AddressWidth.levels(AddressWidth.AW_57));
    }

    @Test
    void anEncodedPasidEntryIsReadBackAndNothingElseIsSet() {
        Random random = new Random(0x906);
        for (int round = 0; round < 1000; round++) {
            long first = random.nextLong() & -1L << 12;
            long second = random.nextLong() & -1L << 12;
            int did = random.nextInt(1 << 16);
            int aw = random.nextInt(8);
            int pgtt = random.nextInt(8);
            int mode = random.nextInt(4);
            boolean wpe = random.nextBoolean();
            long[] entry =
                    new EntryEncoder(PasidTableEntry.WORDS)
                            .set(PasidTableEntry.P, true)
                            .set(PasidTableEntry.AW, aw)
                            .set(PasidTableEntry.PGTT, pgtt)
                            .setAddress(PasidTableEntry.SSPTPTR, second)
                            .set(PasidTableEntry.DID, did)
                            .set(PasidTableEntry.FSPM, mode)
                            .set(PasidTableEntry.WPE, wpe)
                            .setAddress(PasidTableEntry.FSPTPTR, first)
                            .words();
            long[] expected = {
                second | 1 | (long) aw << 2 | (long) pgtt << 6,
                did,
                first | (long) mode << 2 | (wpe ? 0x10 : 0),
                0,
                0,
                0,
                0,
                0
            };
            assertArrayEquals(expected, entry);
            assertTrue(PasidTableEntry.present(entry[0]));
            assertFalse(PasidTableEntry.faultsDisabled(entry[0]));
            assertFalse(PasidTableEntry.secondStageAccessDirty(entry[0]));
            assertEquals(aw, PasidTableEntry.addressWidth(entry[0]));
            assertEquals(pgtt, PasidTableEntry.translationType(entry[0]));
            assertEquals(second, PasidTableEntry.secondStageTable(entry[0]));
            assertEquals(did, PasidTableEntry.domainId(entry[1]));
            assertFalse(PasidTableEntry.walkSnoops(entry[1]));
            assertEquals(mode, PasidTableEntry.firstStageMode(entry[2]));
            assertEquals(wpe, PasidTableEntry.writeProtect(entry[2]));
            assertFalse(PasidTableEntry.supervisorEnabled(entry[2]));
            assertFalse(PasidTableEntry.extendedAccessed(entry[2]));
            assertEquals(first, PasidTableEntry.firstStageTable(entry[2]));
        }
    }

    @Test
    void contextEntriesAreReadBack() {
        Random random = new Random(0x904);
        for (int round = 0; round < 1000; round++) {
            long table = random.nextLong() & -1L << 12;
            int pasid = random.nextInt(1 << 20);
            boolean flag = random.nextBoolean();
            long[] scalable =
                    new EntryEncoder(ScalableContextEntry.WORDS)
                            .set(ScalableContextEntry.P, true)
                            .set(ScalableContextEntry.FPD, !flag)
                            .set(ScalableContextEntry.DTE, flag)
                            .set(ScalableContextEntry.PASIDE, !flag)
                            .set(ScalableContextEntry.PRE, flag)
                            .set(ScalableContextEntry.PDTS, 7)
                            .setAddress(ScalableContextEntry.PASIDDIRPTR, table)
                            .set(ScalableContextEntry.RID_PASID, pasid)
                            .set(ScalableContextEntry.RID_PRIV, flag)
                            .words();
            assertEquals(table | 0xe01 | (flag ? 0x14 : 0x0a), scalable[0]);
            assertEquals(pasid | (flag ? 1L << 20 : 0), scalable[1]);
            assertTrue(ScalableContextEntry.present(scalable[0]));
            assertEquals(!flag, ScalableContextEntry.faultsDisabled(scalable[0]));
            assertEquals(flag, ScalableContextEntry.deviceTlbEnabled(scalable[0]));
            assertEquals(!flag, ScalableContextEntry.pasidEnabled(scalable[0]));
            assertEquals(flag, ScalableContextEntry.pageRequestEnabled(scalable[0]));
            assertEquals(1 << 20, ScalableContextEntry.pasidLimit(scalable[0]));
            assertEquals(table, ScalableContextEntry.pasidDirectory(scalable[0]));
            assertEquals(pasid, ScalableContextEntry.ridPasid(scalable[1]));
            assertEquals(flag, ScalableContextEntry.ridPrivileged(scalable[1]));

            int did = random.nextInt(1 << 16);
            long[] legacy =
                    new EntryEncoder(ContextEntry.WORDS)
                            .set(ContextEntry.P, flag)
                            .set(ContextEntry.FPD, !flag)
                            .set(ContextEntry.TT, ContextEntry.TT_PASS_THROUGH)
                            .setAddress(ContextEntry.SSPTPTR, table)
                            .set(ContextEntry.AW, AddressWidth.AW_48)
                            .set(ContextEntry.DID, did)
                            .words();
            assertEquals(table | 8 | (flag ? 1 : 2), legacy[0]);
            assertEquals(2 | (long) did << 8, legacy[1]);
            assertEquals(flag, ContextEntry.present(legacy[0]));
            assertEquals(!flag, ContextEntry.faultsDisabled(legacy[0]));
            assertEquals(ContextEntry.TT_PASS_THROUGH, ContextEntry.translationType(legacy[0]));
            assertEquals(table, ContextEntry.secondStageTable(legacy[0]));
            assertEquals(AddressWidth.AW_48, ContextEntry.addressWidth(legacy[1]));
            assertEquals(did, ContextEntry.domainId(legacy[1]));

            assertEquals(table, RootEntry.contextTable(table | 1));
            assertEquals(table, ScalableRootEntry.contextTable(table | 1));
            assertEquals(table, PasidDirectoryEntry.pasidTable(table | 3));
            assertTrue(RootEntry.present(table | 1));
            assertFalse(ScalableRootEntry.present(table));
            assertFalse(PasidDirectoryEntry.present(table | 2));
            assertTrue(PasidDirectoryEntry.faultsDisabled(table | 2));
        }
    }

    @Test
    void theEncoderRefusesWhatDoesNotFit() {
        EntryEncoder encoder = new EntryEncoder(ScalableContextEntry.WORDS);
        assertThrows(
                IllegalArgumentException.class, () -> encoder.set(ScalableContextEntry.PDTS, 8));
        assertThrows(
                IllegalArgumentException.class,
                () -> encoder.setAddress(ScalableContextEntry.PASIDDIRPTR, 0x800));
    }
}
