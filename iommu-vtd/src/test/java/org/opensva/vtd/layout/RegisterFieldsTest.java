package org.opensva.vtd.layout;

import static org.opensva.vtd.layout.SpecificationBits.assertMatches;

import org.junit.jupiter.api.Test;

final class RegisterFieldsTest {
    @Test
    void capabilityFieldsStandAtTheirBits() {
        assertMatches(CapabilityRegisters.Ver.STRUCTURE, "MIN 3 0\nMAX 7 4");
        assertMatches(
                CapabilityRegisters.Cap.STRUCTURE,
                """
                ND 2 0
                AFL 3 3
                RWBF 4 4
                PLMR 5 5
                PHMR 6 6
                CM 7 7
                SAGAW 12 8
                MGAW 21 16
                ZLR 22 22
                FRO 33 24
                SSLPS 37 34
                PSI 39 39
                NFR 47 40
                MAMV 53 48
                DWD 54 54
                DRD 55 55
                FS1GP 56 56
                PI 59 59
                FS5LP 60 60
                ECMDS 61 61
                ESIRTPS 62 62
                ESRTPS 63 63
                """);
        assertMatches(
                CapabilityRegisters.Ecap.STRUCTURE,
                """
                C 0 0
                QI 1 1
                DT 2 2
                IR 3 3
                EIM 4 4
                PT 6 6
                SC 7 7
                IRO 17 8
                MHMV 23 20
                MTS 25 25
                NEST 26 26
                PRS 29 29
                ERS 30 30
                SRS 31 31
                NWFS 33 33
                EAFS 34 34
                PSS 39 35
                PASID 40 40
                DIT 41 41
                PDS 42 42
                SMTS 43 43
                VCS 44 44
                SSADS 45 45
                SSTS 46 46
                FSTS 47 47
                SMPWCS 48 48
                RPS 49 49
                TDXIO 50 50
                PMS 51 51
                ADMS 52 52
                RPRIVS 53 53
                HPTS 55 55
                PTRS 56 56
                PBDS 57 57
                SMS 58 58
                """);
    }

    @Test
    void controlFieldsStandAtTheirBits() {
        assertMatches(
                ControlRegisters.Gcmd.STRUCTURE,
                """
                TE 31 31
                SRTP 30 30
                SFL 29 29
                EAFL 28 28
                WBF 27 27
                QIE 26 26
                IRE 25 25
                SIRTP 24 24
                CFI 23 23
                """);
        assertMatches(
                ControlRegisters.Gsts.STRUCTURE,
                """
                TES 31 31
                RTPS 30 30
                FLS 29 29
                AFLS 28 28
                WBFS 27 27
                QIES 26 26
                IRES 25 25
                IRTPS 24 24
                CFIS 23 23
                """);
        assertMatches(ControlRegisters.Rtaddr.STRUCTURE, "TTM 11 10\nRTA 63 12");
        assertMatches(
                ControlRegisters.Ccmd.STRUCTURE,
                "DID 15 0\nSID 31 16\nFM 33 32\nCAIG 60 59\nCIRG 62 61\nICC 63 63");
        assertMatches(ControlRegisters.Pmen.STRUCTURE, "PRS 0 0\nEPM 31 31");
        assertMatches(ControlRegisters.PlmBase.STRUCTURE, "PLMB 31 20");
        assertMatches(ControlRegisters.PlmLimit.STRUCTURE, "PLML 31 20");
        assertMatches(ControlRegisters.PhmBase.STRUCTURE, "PHMB 63 20");
        assertMatches(ControlRegisters.PhmLimit.STRUCTURE, "PHML 63 20");
        assertMatches(IotlbRegisters.Iva.STRUCTURE, "AM 5 0\nIH 6 6\nADDR 63 12");
        assertMatches(
                IotlbRegisters.Iotlb.STRUCTURE,
                "DID 47 32\nDW 48 48\nDR 49 49\nIAIG 58 57\nIIRG 61 60\nIVT 63 63");
    }

    @Test
    void eventFieldsStandAtTheirBits() {
        assertMatches(
                EventRegisters.Fsts.STRUCTURE,
                """
                PFO 0 0
                PPF 1 1
                AFO 2 2
                APF 3 3
                IQE 4 4
                ICE 5 5
                ITE 6 6
                ~PRO 7 7
                FRI 15 8
                """);
        assertMatches(EventRegisters.EventControl.STRUCTURE, "IP 30 30\nIM 31 31");
        assertMatches(EventRegisters.EventData.STRUCTURE, "IMD 15 0\n~EIMD 31 16");
        assertMatches(EventRegisters.EventAddress.STRUCTURE, "MA 31 2");
        assertMatches(EventRegisters.EventUpperAddress.STRUCTURE, "MUA 31 0");
        assertMatches(EventRegisters.Aflog.STRUCTURE, "FLS 11 9\nFLA 63 12");
    }

    @Test
    void queueFieldsStandAtTheirBits() {
        assertMatches(QueueRegisters.Iqh.STRUCTURE, "QH 18 4");
        assertMatches(QueueRegisters.Iqt.STRUCTURE, "QT 18 4");
        assertMatches(QueueRegisters.Iqa.STRUCTURE, "QS 2 0\nDW 11 11\nIQA 63 12");
        assertMatches(QueueRegisters.Ics.STRUCTURE, "IWC 0 0");
        assertMatches(QueueRegisters.Iqercd.STRUCTURE, "IQEI 3 0\nITESID 47 32\nICESID 63 48");
        assertMatches(QueueRegisters.Irta.STRUCTURE, "S 3 0\nEIME 11 11\nIRTA 63 12");
        assertMatches(QueueRegisters.Pqh.STRUCTURE, "PQH 18 5");
        assertMatches(QueueRegisters.Pqt.STRUCTURE, "PQT 18 5");
        assertMatches(QueueRegisters.Pqa.STRUCTURE, "PQS 2 0\nPQA 63 12");
        assertMatches(QueueRegisters.Prs.STRUCTURE, "PPR 0 0\nPRO 1 1");
    }

    @Test
    void performanceAndCommandFieldsStandAtTheirBits() {
        assertMatches(
                PerformanceRegisters.PerfCap.STRUCTURE,
                """
                NUM_CNTR 15 0
                CNTR_WIDTH 22 16
                NUM_EVENT_GROUP 28 24
                FILTERS 36 32
                INTERRUPT 50 50
                CNTR_STRIDE 54 52
                """);
        assertMatches(PerformanceRegisters.PerfEventCap.STRUCTURE, "ES 27 0");
        assertMatches(PerformanceRegisters.PerfIntrSts.STRUCTURE, "PIS 0 0");
        assertMatches(PerformanceRegisters.CounterConfig.STRUCTURE, "INT 1 1\nEGI 11 8\nES 59 32");
        assertMatches(
                PerformanceRegisters.CounterCap.STRUCTURE,
                "PCC 0 0\nCW 15 8\nIOS 16 16\nEGCNT 31 28");
        assertMatches(PerformanceRegisters.CounterEventCap.STRUCTURE, "ES 27 0\nEGI 31 28");
        assertMatches(PerformanceRegisters.Filter.STRUCTURE, "VALUE 21 0\nEN 31 31");
        assertMatches(PerformanceRegisters.Ecmd.STRUCTURE, "CMD 7 0\nOA 63 16");
        assertMatches(PerformanceRegisters.Ecrsp.STRUCTURE, "IP 0 0\nSC 7 1");
        assertMatches(
                PerformanceRegisters.Eccap3.STRUCTURE,
                "ECNTS 48 48\nDCNTS 49 49\nFCNTS 52 52\nUFCNTS 53 53");
    }
}
