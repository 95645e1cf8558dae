package org.opensva.smmuv3.model;

import org.opensva.api.memory.AddressRange;
import org.opensva.smmuv3.layout.ControlRegisters.Cr2;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.Register;

/**
 * What broadcast TLB maintenance of processors does to the translation caches (section 3.17). A
 * message for a stage that is not there is ignored.
 */
final class BroadcastMaintenance {

    private final SmmuProfile profile;
    private final Registers registers;
    private final TranslationCaches translations;
    private final Devices devices;

    BroadcastMaintenance(
            SmmuProfile profile,
            Registers registers,
            TranslationCaches translations,
            Devices devices) {
        this.profile = profile;
        this.registers = registers;
        this.translations = translations;
        this.devices = devices;
    }

    private boolean participates() {
        return profile.has(Idr0.BTM) && !Cr2.PTM.isSet(registers.get(Register.CR2));
    }

    void receive(BroadcastTlbi message) {
        if (!participates() || message.range().isEmpty()) {
            return;
        }
        switch (message.scope()) {
            case ALLE1 -> translations.invalidateGuests();
            case ALLE2 -> translations.invalidateHypervisors();
            case VAE2 -> translations.invalidateRange(Regime.EL2, 0, 0, range(message), true);
            case ASIDE2_HOST ->
                    translations.invalidateAddressSpace(Regime.EL2_HOST, message.asid(), 0, true);
            case VAE2_HOST ->
                    translations.invalidateRange(
                            Regime.EL2_HOST, message.asid(), 0, range(message), true);
            case VAAE2_HOST ->
                    translations.invalidateRangeAnySpace(Regime.EL2_HOST, 0, range(message));
            default -> machine(message);
        }
    }

    private void machine(BroadcastTlbi message) {
        boolean stage2 = profile.has(Idr0.S2P);
        int vmid = message.vmid();
        if (!stage2 && vmid != 0) {
            return; // without stage 2 everything belongs to VMID 0
        }
        switch (message.scope()) {
            case VMALLE1 -> translations.invalidateStage1(vmid);
            case VMALLS12E1 -> translations.invalidateMachine(vmid);
            case ASIDE1 ->
                    translations.invalidateAddressSpace(Regime.EL1, message.asid(), vmid, true);
            case VAE1 ->
                    translations.invalidateRange(
                            Regime.EL1, message.asid(), vmid, range(message), true);
            case VAAE1 -> translations.invalidateRangeAnySpace(Regime.EL1, vmid, range(message));
            case IPAS2E1 -> {
                if (stage2) {
                    translations.invalidateStage2Range(vmid, range(message));
                }
            }
            default -> throw new AssertionError(message.scope());
        }
    }

    private static TlbiRange range(BroadcastTlbi message) {
        AddressRange range = message.range();
        long last = range.isWhole() ? -1 : range.end() - 1;
        return new TlbiRange(range.start(), last, message.lastLevelOnly(), 0, 0);
    }

    /** Waits for what was under way, as a CMD_SYNC does. */
    void complete() {
        if (participates()) {
            devices.awaitLanes();
        }
    }
}
