package org.opensva.smmuv3.layout;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

final class RegisterFieldsTest {
    @Test
    void identificationFieldsStandAtTheirBits() {
        SpecificationBits.assertMatches(
                IdRegisters.Idr0.STRUCTURE,
                """
                S2P 0 0
                S1P 1 1
                TTF 3 2
                COHACC 4 4
                BTM 5 5
                HTTU 7 6
                DORMHINT 8 8
                Hyp 9 9
                ATS 10 10
                NS1ATS 11 11
                ASID16 12 12
                MSI 13 13
                SEV 14 14
                ATOS 15 15
                PRI 16 16
                VMW 17 17
                VMID16 18 18
                CD2L 19 19
                VATOS 20 20
                TTENDIAN 22 21
                ATSRECERR 23 23
                STALL_MODEL 25 24
                TERM_MODEL 26 26
                ST_LEVEL 28 27
                RME_IMPL 30 30
                """);
        SpecificationBits.assertMatches(
                IdRegisters.Idr1.STRUCTURE,
                """
                SIDSIZE 5 0
                SSIDSIZE 10 6
                PRIQS 15 11
                EVENTQS 20 16
                CMDQS 25 21
                ATTR_PERMS_OVR 26 26
                ATTR_TYPES_OVR 27 27
                REL 28 28
                QUEUES_PRESET 29 29
                TABLES_PRESET 30 30
                ECMDQ 31 31
                """);
        SpecificationBits.assertMatches(IdRegisters.Idr2.STRUCTURE, "BA_VATOS 9 0");
        SpecificationBits.assertMatches(
                IdRegisters.Idr3.STRUCTURE,
                """
                HAD 2 2
                PBHA 3 3
                XNX 4 4
                PPS 5 5
                MPAM 7 7
                FWB 8 8
                STT 9 9
                RIL 10 10
                BBML 12 11
                E0PD 13 13
                PTWNNC 14 14
                DPT 15 15
                PASIDTT 16 16
                EPAN 17 17
                S1PI 18 18
                S2PI 19 19
                S2PO 20 20
                THE 21 21
                MTEPERM 22 22
                AIE 23 23
                """);
        SpecificationBits.assertMatches(
                IdRegisters.Idr5.STRUCTURE,
                """
                OAS 2 0
                GRAN4K 4 4
                GRAN16K 5 5
                GRAN64K 6 6
                DS 7 7
                D128 8 8
                VAX 11 10
                STALL_MAX 31 16
                """);
        SpecificationBits.assertMatches(
                IdRegisters.Idr6.STRUCTURE,
                "CMDQ_CONTROL_PAGE_LOG2NUMQ 19 16\nCMDQ_CONTROL_PAGE_LOG2NUMP 27 24");
        SpecificationBits.assertMatches(
                IdRegisters.Iidr.STRUCTURE,
                "Implementer 11 0\nRevision 15 12\nVariant 19 16\nProductID 31 20");
        SpecificationBits.assertMatches(
                IdRegisters.Aidr.STRUCTURE, "ArchMinorRev 3 0\nArchMajorRev 7 4");
        SpecificationBits.assertMatches(
                IdRegisters.MpamIdr.STRUCTURE, "PARTID_MAX 15 0\nPMG_MAX 23 16");
    }

    @Test
    void controlFieldsStandAtTheirBits() {
        SpecificationBits.assertMatches(
                ControlRegisters.Cr0.STRUCTURE,
                """
                SMMUEN 0 0
                PRIQEN 1 1
                EVENTQEN 2 2
                CMDQEN 3 3
                ATSCHK 4 4
                VMW 8 6
                DPT_WALK_EN 10 10
                """);
        SpecificationBits.assertMatches(
                ControlRegisters.Cr1.STRUCTURE,
                """
                QUEUE_IC 1 0
                QUEUE_OC 3 2
                QUEUE_SH 5 4
                TABLE_IC 7 6
                TABLE_OC 9 8
                TABLE_SH 11 10
                """);
        SpecificationBits.assertMatches(
                ControlRegisters.Cr2.STRUCTURE, "E2H 0 0\nRECINVSID 1 1\nPTM 2 2\nREC_CFG_ATS 3 3");
        SpecificationBits.assertMatches(ControlRegisters.Statusr.STRUCTURE, "DORMANT 0 0");
        SpecificationBits.assertMatches(
                ControlRegisters.Gbpa.STRUCTURE,
                """
                MemAttr 3 0
                MTCFG 4 4
                ALLOCCFG 11 8
                SHCFG 13 12
                PRIVCFG 17 16
                INSTCFG 19 18
                ABORT 20 20
                Update 31 31
                """);
        SpecificationBits.assertMatches(
                ControlRegisters.IrqCtrl.STRUCTURE,
                "GERROR_IRQEN 0 0\nPRIQ_IRQEN 1 1\nEVENTQ_IRQEN 2 2");
        SpecificationBits.assertMatches(
                ControlRegisters.Gerror.STRUCTURE,
                """
                CMDQ_ERR 0 0
                EVENTQ_ABT_ERR 2 2
                PRIQ_ABT_ERR 3 3
                MSI_CMDQ_ABT_ERR 4 4
                MSI_EVENTQ_ABT_ERR 5 5
                MSI_PRIQ_ABT_ERR 6 6
                MSI_GERROR_ABT_ERR 7 7
                SFM_ERR 8 8
                CMDQP_ERR 9 9
                DPT_ERR 10 10
                """);
        SpecificationBits.assertMatches(ControlRegisters.IrqCfg0.STRUCTURE, "ADDR 55 2");
        SpecificationBits.assertMatches(ControlRegisters.IrqCfg1.STRUCTURE, "DATA 31 0");
        SpecificationBits.assertMatches(ControlRegisters.IrqCfg2.STRUCTURE, "MemAttr 3 0\nSH 5 4");
        SpecificationBits.assertMatches(
                ControlRegisters.PriqIrqCfg2.STRUCTURE, "MemAttr 3 0\nSH 5 4\nLO 31 31");
    }

    @Test
    void tableAndQueueFieldsStandAtTheirBits() {
        SpecificationBits.assertMatches(
                TableAndQueueRegisters.StrtabBase.STRUCTURE, "ADDR 55 6\nRA 62 62");
        SpecificationBits.assertMatches(
                TableAndQueueRegisters.StrtabBaseCfg.STRUCTURE,
                "LOG2SIZE 5 0\nSPLIT 10 6\nFMT 17 16");
        SpecificationBits.assertMatches(
                TableAndQueueRegisters.CmdqBase.STRUCTURE, "LOG2SIZE 4 0\nADDR 55 5\nRA 62 62");
        SpecificationBits.assertMatches(TableAndQueueRegisters.CmdqProd.STRUCTURE, "WR 19 0");
        SpecificationBits.assertMatches(
                TableAndQueueRegisters.CmdqCons.STRUCTURE, "RD 19 0\nERR 30 24");
        SpecificationBits.assertMatches(
                TableAndQueueRegisters.EventqBase.STRUCTURE, "LOG2SIZE 4 0\nADDR 55 5\nWA 62 62");
        SpecificationBits.assertMatches(
                TableAndQueueRegisters.OutputQueueProd.STRUCTURE, "WR 19 0\nOVFLG 31 31");
        SpecificationBits.assertMatches(
                TableAndQueueRegisters.OutputQueueCons.STRUCTURE, "RD 19 0\nOVACKFLG 31 31");
    }

    @Test
    void translationOperationFieldsStandAtTheirBits() {
        SpecificationBits.assertMatches(AtosRegisters.GatosCtrl.STRUCTURE, "RUN 0 0");
        SpecificationBits.assertMatches(
                AtosRegisters.GatosSid.STRUCTURE,
                "STREAMID 31 0\nSUBSTREAMID 51 32\nSSID_VALID 52 52");
        SpecificationBits.assertMatches(
                AtosRegisters.GatosAddr.STRUCTURE,
                "HTTUI 6 6\nInD 7 7\nRnW 8 8\nPnU 9 9\nTYPE 11 10\nADDR 63 12");
        SpecificationBits.assertMatches(
                AtosRegisters.GatosPar.STRUCTURE,
                "FAULT 0 0\nSH 9 8\nSize 11 11\nADDR 55 12\nATTR 63 56");
        SpecificationBits.assertMatches(
                AtosRegisters.GatosParFault.STRUCTURE,
                "FAULT 0 0\nREASON 2 1\nFAULTCODE 11 4\nFADDR 55 12\nIMPDEF 63 60");
        SpecificationBits.assertMatches(AtosRegisters.VatosSel.STRUCTURE, "VMID 15 0");
    }

    @Test
    void reservedSplitPointsBehaveAsSix() {
        for (int split = 0; split < 32; split++) {
            int expected = split == 8 || split == 10 ? split : 6;
            assertEquals(
                    expected,
                    TableAndQueueRegisters.StrtabBaseCfg.effectiveSplit((long) split << 6));
        }
    }

    @Test
    void commandErrorsAreThoseOfSection7Point1() {
        assertEquals(0, TableAndQueueRegisters.CmdqCons.CERROR_NONE);
        assertEquals(1, TableAndQueueRegisters.CmdqCons.CERROR_ILL);
        assertEquals(2, TableAndQueueRegisters.CmdqCons.CERROR_ABT);
        assertEquals(3, TableAndQueueRegisters.CmdqCons.CERROR_ATC_INV_SYNC);
    }
}
