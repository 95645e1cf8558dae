package org.opensva.ats.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

class ConfigurationSpaceTest {

    private final List<String> switched = new ArrayList<>();
    private boolean pasidOn;
    private boolean mayExecute;
    private boolean mayBePrivileged;
    private int status = Capabilities.PRI_STATUS_STOPPED;

    private final FunctionControls controls =
            new FunctionControls() {
                @Override
                public void pasidSwitched(boolean enabled, boolean execute, boolean privileged) {
                    if (enabled != pasidOn) {
                        switched.add("pasid " + enabled);
                    }
                    pasidOn = enabled;
                    mayExecute = execute;
                    mayBePrivileged = privileged;
                }

                @Override
                public void atsSwitched(boolean enabled) {
                    switched.add("ats " + enabled);
                }

                @Override
                public void priSwitched(boolean enabled, int allocation) {
                    switched.add("pri " + enabled + " " + allocation);
                }

                @Override
                public void priReset() {
                    switched.add("reset");
                }

                @Override
                public int priStatus() {
                    return status;
                }

                @Override
                public void clearPriStatus(int bits) {
                    status &= ~bits;
                }
            };

    private final ConfigurationSpace space =
            new ConfigurationSpace(new FunctionFeatures(20, true, true, 32, 64), controls);

    private final int ats = space.find(0x0f);
    private final int pri = space.find(0x13);
    private final int pasid = space.find(0x1b);

    @Test
    void theCapabilitiesFormAList() {
        assertEquals(0x1080_0000 | 1 << 16 | 0x0f, space.read32(0x100));
        assertEquals(0x1180_0000 | 1 << 16 | 0x13, space.read32(0x108));
        assertEquals(1 << 16 | 0x1b, space.read32(0x118));
        assertEquals(0, space.read32(0x120));
    }

    @Test
    void theCapabilityRegistersTellWhatTheFunctionHas() {
        assertEquals(0x60, space.read16(ats + 4), "depth 32, page aligned, global invalidate");
        assertEquals(64, space.read32(pri + 8));
        assertEquals(0x8100, space.read16(pri + 6), "stopped, responses need a PASID");
        assertEquals(0x1406, space.read16(pasid + 4), "20 bits, execute, privileged");
    }

    @Test
    void theSwitchesWorkInTheirOrder() {
        space.write16(pasid + 6, 7);
        space.write16(ats + 6, 0x8000);
        space.write32(pri + 0xc, 32);
        space.write16(pri + 4, 1);
        assertEquals(List.of("pasid true", "ats true", "pri true 32"), switched);
        space.write16(ats + 6, 0);
        space.write16(pasid + 6, 0);
        assertEquals(0x8000, space.read16(ats + 6), "page requests need it");
        assertEquals(7, space.read16(pasid + 6), "translations need it");
        space.write16(pri + 4, 0);
        space.write16(ats + 6, 0);
        space.write16(pasid + 6, 0);
        assertEquals(6, switched.size());
    }

    @Test
    void pageRequestsNeedTranslationServicesAndAnAllocation() {
        space.write32(pri + 0xc, 32);
        space.write16(pri + 4, 1);
        assertEquals(0, space.read16(pri + 4));
        space.write32(pri + 0xc, 0);
        space.write16(ats + 6, 0x8000);
        space.write16(pri + 4, 1);
        assertEquals(0, space.read16(pri + 4));
        space.write32(pri + 0xc, 1000);
        assertEquals(64, space.read32(pri + 0xc), "no more than the capacity");
        space.write16(pri + 4, 1);
        assertEquals(1, space.read16(pri + 4));
        space.write32(pri + 0xc, 1);
        assertEquals(64, space.read32(pri + 0xc), "fixed while enabled");
    }

    @Test
    void statusBitsAreClearedByOnesAndResetActsWhileDisabled() {
        status = 3;
        space.write16(pri + 6, 2);
        assertEquals(0x8001, space.read16(pri + 6));
        space.write16(pri + 4, 2);
        assertEquals(0, space.read16(pri + 4));
        assertEquals(List.of("reset"), switched);
    }

    @Test
    void executionAndPrivilegeHaveSwitchesOfTheirOwn() {
        for (int bits = 0; bits < 8; bits++) {
            space.write16(pasid + 6, bits);
            assertEquals(bits, space.read16(pasid + 6));
            assertEquals((bits & 1) != 0, pasidOn);
            assertEquals((bits & 2) != 0, mayExecute);
            assertEquals((bits & 4) != 0, mayBePrivileged);
        }
    }

    @Test
    void resetInTheSameWriteThatDisablesComesAfterIt() {
        space.write16(ats + 6, 0x8000);
        space.write32(pri + 0xc, 4);
        space.write16(pri + 4, 3);
        assertEquals(List.of("ats true", "pri true 4"), switched, "no reset while it is enabled");
        space.write16(pri + 4, 2);
        assertEquals(List.of("pri false 4", "reset"), switched.subList(2, 4));
        assertEquals(0, space.read16(pri + 4));
    }

    @Test
    void theSmallestTranslationUnitIsFixedWhileTranslationsAreOn() {
        space.write16(ats + 6, 5);
        assertEquals(5, space.read16(ats + 6));
        space.write16(ats + 6, 0x8003);
        space.write16(ats + 6, 0x8007);
        assertEquals(0x8003, space.read16(ats + 6));
        space.write16(ats + 6, 0xffff);
        assertEquals(0x8003, space.read16(ats + 6), "nothing else can be switched on");
    }

    @Test
    void aFunctionWithoutACapabilityDoesNotListIt() {
        ConfigurationSpace bare =
                new ConfigurationSpace(new FunctionFeatures(0, true, false, 1, 1), controls);
        assertEquals(1 << 16 | 0x0f, bare.read32(0x100));
        assertEquals(0x21, bare.read16(0x104));
        assertEquals(0, bare.find(0x13));
        assertEquals(0, bare.find(0x1b));
    }

    @Test
    void hostileAccessesNeverBreakTheOrder() {
        Random random = new Random(5);
        for (int i = 0; i < 100_000; i++) {
            int offset = random.nextInt(0xf0, 0x140);
            if (random.nextBoolean()) {
                space.write16(offset, random.nextInt());
            } else {
                space.write32(offset, random.nextInt());
            }
            space.read16(random.nextInt());
            space.read32(random.nextInt());
            boolean atsOn = (space.read16(ats + 6) & 0x8000) != 0;
            boolean priOn = (space.read16(pri + 4) & 1) != 0;
            assertEquals(priOn, priOn && atsOn);
            // Whoever listens sees every switch alternate.
        }
        for (String what : List.of("pasid", "ats", "pri")) {
            boolean on = false;
            for (String event : switched) {
                if (event.startsWith(what + " ")) {
                    assertEquals(!on, event.contains("true"), event);
                    on = !on;
                }
            }
        }
    }
}
