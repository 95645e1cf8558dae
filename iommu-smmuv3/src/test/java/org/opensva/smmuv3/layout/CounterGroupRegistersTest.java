package org.opensva.smmuv3.layout;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.opensva.smmuv3.layout.CounterGroupRegisters.Cfgr;
import org.opensva.smmuv3.layout.CounterGroupRegisters.Cr;
import org.opensva.smmuv3.layout.CounterGroupRegisters.Evtyper;
import org.opensva.smmuv3.layout.CounterGroupRegisters.IrqCtrl;
import org.opensva.smmuv3.layout.CounterGroupRegisters.IrqStatus;

import java.util.Arrays;
import java.util.List;

/** The counter group's registers are where section 10.5 puts them. */
class CounterGroupRegistersTest {

    @Test
    void fieldsAreAtThePrintedBits() {
        SpecificationBits.assertMatches(
                Evtyper.STRUCTURE,
                """
                OVFCAP 31 31
                FILTER_SEC_SID 30 30
                FILTER_SID_SPAN 29 29
                FILTER_REALM_SID 28 28
                FILTER_MPAM_SP 19 18
                FILTER_PMG 17 17
                FILTER_PARTID 16 16
                EVENT 15 0
                """);
        SpecificationBits.assertMatches(
                Cfgr.STRUCTURE,
                """
                FILTER_PARTID_PMG 25 25
                MPAM 24 24
                SID_FILTER_TYPE 23 23
                CAPTURE 22 22
                MSI 21 21
                RELOC_CTRS 20 20
                SIZE 13 8
                NCTR 5 0
                """);
        SpecificationBits.assertMatches(Cr.STRUCTURE, "E 0 0");
        SpecificationBits.assertMatches(IrqCtrl.STRUCTURE, "IRQEN 0 0");
        SpecificationBits.assertMatches(IrqStatus.STRUCTURE, "IRQ_ABT 0 0");
    }

    @Test
    void offsetsAreThoseOfTheAddressMap() {
        assertEquals(
                List.of(
                        0x000, 0x400, 0x600, 0xa00, 0xc00, 0xc20, 0xc40, 0xc60, 0xc80, 0xcc0, 0xd88,
                        0xe00, 0xe04, 0xe08, 0xe20, 0xe28, 0xe50, 0xe54, 0xe58, 0xe60, 0xe64, 0xe68,
                        0xe70),
                Arrays.asList(
                        CounterGroupRegisters.EVCNTR,
                        CounterGroupRegisters.EVTYPER,
                        CounterGroupRegisters.SVR,
                        CounterGroupRegisters.SMR,
                        CounterGroupRegisters.CNTENSET0,
                        CounterGroupRegisters.CNTENCLR0,
                        CounterGroupRegisters.INTENSET0,
                        CounterGroupRegisters.INTENCLR0,
                        CounterGroupRegisters.OVSCLR0,
                        CounterGroupRegisters.OVSSET0,
                        CounterGroupRegisters.CAPR,
                        CounterGroupRegisters.CFGR,
                        CounterGroupRegisters.CR,
                        CounterGroupRegisters.IIDR,
                        CounterGroupRegisters.CEID0,
                        CounterGroupRegisters.CEID1,
                        CounterGroupRegisters.IRQ_CTRL,
                        CounterGroupRegisters.IRQ_CTRLACK,
                        CounterGroupRegisters.IRQ_CFG0,
                        CounterGroupRegisters.IRQ_CFG1,
                        CounterGroupRegisters.IRQ_CFG2,
                        CounterGroupRegisters.IRQ_STATUS,
                        CounterGroupRegisters.AIDR));
    }
}
