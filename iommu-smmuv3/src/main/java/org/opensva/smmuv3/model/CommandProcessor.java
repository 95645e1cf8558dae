package org.opensva.smmuv3.model;

import org.jspecify.annotations.Nullable;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.smmuv3.layout.Command;
import org.opensva.smmuv3.layout.ControlRegisters.Cr0;
import org.opensva.smmuv3.layout.ControlRegisters.Cr2;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.Opcode;
import org.opensva.smmuv3.layout.Register;

import java.util.concurrent.atomic.LongAdder;

/** What each command does (chapter 4). One thread at a time calls. */
final class CommandProcessor {

    /** How a command ended. */
    enum Result {
        /** Consumed. */
        DONE,
        /** CERROR_ILL. */
        ILLEGAL,
        /** A CMD_SYNC that cannot complete yet. */
        WAIT,
        /** CERROR_ATC_INV_SYNC. */
        ATC_TIMEOUT
    }

    private final SmmuProfile profile;
    private final Registers registers;
    private final Signals signals;
    private final ConfigurationCache configurations;
    private final StreamTable streams;
    private final TranslationCaches translations;
    private final StallBuffer stalls;
    private final Devices devices;
    private final Prefetcher prefetcher;
    private final LongAdder tlbInvalidations = new LongAdder();
    private final LongAdder atcInvalidations = new LongAdder();
    private final LongAdder responses = new LongAdder();
    private boolean lanesToWaitFor;
    private boolean signalSync;
    private long signalAddress;
    private int signalData;

    CommandProcessor(
            SmmuProfile profile,
            Registers registers,
            Signals signals,
            ConfigurationCache configurations,
            StreamTable streams,
            TranslationCaches translations,
            StallBuffer stalls,
            Devices devices,
            Prefetcher prefetcher) {
        this.profile = profile;
        this.registers = registers;
        this.signals = signals;
        this.configurations = configurations;
        this.streams = streams;
        this.translations = translations;
        this.stalls = stalls;
        this.devices = devices;
        this.prefetcher = prefetcher;
    }

    /** Executes a command. */
    Result execute(long w0, long w1) {
        Opcode opcode = Opcode.of(Command.opcode(w0));
        if (opcode == null || opcode.secureOnly()) {
            return Result.ILLEGAL;
        }
        return switch (opcode) {
            case PREFETCH_CONFIG, PREFETCH_ADDR -> prefetch(opcode, w0, w1);
            case CFGI_STE, CFGI_STE_RANGE, CFGI_CD, CFGI_CD_ALL -> configuration(opcode, w0, w1);
            case TLBI_NH_ALL, TLBI_NH_ASID, TLBI_NH_VA, TLBI_NH_VAA ->
                    profile.has(Idr0.S1P) ? stage1(opcode, w0, w1) : Result.ILLEGAL;
            case TLBI_EL2_ALL, TLBI_EL2_ASID, TLBI_EL2_VA, TLBI_EL2_VAA ->
                    profile.has(Idr0.HYP) && profile.has(Idr0.S1P)
                            ? hypervisor(opcode, w0, w1)
                            : Result.ILLEGAL;
            case TLBI_S12_VMALL, TLBI_S2_IPA ->
                    profile.has(Idr0.S2P) ? stage2(opcode, w0, w1) : Result.ILLEGAL;
            case TLBI_NSNH_ALL -> {
                translations.invalidateGuests();
                yield invalidated();
            }
            case ATC_INV -> atcInvalidate(w0, w1);
            case PRI_RESP -> pageResponse(w0, w1);
            case RESUME, STALL_TERM -> stall(opcode, w0, w1);
            case SYNC -> sync(w0, w1);
            // MPAM, DPT, and the commands of the Secure queue are not claimed.
            default -> Result.ILLEGAL;
        };
    }

    private Result prefetch(Opcode opcode, long w0, long w1) {
        if (Command.SSEC.isSet(w0)) {
            return Result.ILLEGAL;
        }
        if (opcode == Opcode.PREFETCH_CONFIG) {
            prefetcher.configuration(Command.streamId(w0), pasid(w0));
        } else {
            prefetcher.addresses(Command.streamId(w0), pasid(w0), w1);
        }
        return Result.DONE;
    }

    private Result configuration(Opcode opcode, long w0, long w1) {
        boolean contexts = opcode == Opcode.CFGI_CD || opcode == Opcode.CFGI_CD_ALL;
        if (Command.SSEC.isSet(w0) || contexts && !profile.has(Idr0.S1P)) {
            return Result.ILLEGAL;
        }
        int stream = Command.streamId(w0);
        boolean leaf = Command.LEAF.isSet(w1);
        switch (opcode) {
            case CFGI_STE -> configurations.invalidateStream(stream, leaf, streams.split());
            case CFGI_CD -> configurations.invalidateContext(stream, Command.substreamId(w0), leaf);
            case CFGI_CD_ALL -> configurations.invalidateContexts(stream);
            default -> {
                if (Command.RANGE.get(w1) == Command.RANGE_ALL) {
                    configurations.invalidateAll();
                } else {
                    configurations.invalidateStreams(
                            Command.rangeFirst(w0, w1), Command.rangeCount(w1), streams.split());
                }
            }
        }
        lanesToWaitFor = true;
        return Result.DONE;
    }

    private Result invalidated() {
        tlbInvalidations.increment();
        lanesToWaitFor = true;
        return Result.DONE;
    }

    /** VMIDs exist with stage 2 only; without it the operand is not looked at. */
    private int machine(long w0) {
        return profile.has(Idr0.S2P) ? Command.vmid(w0) : 0;
    }

    private Result stage1(Opcode opcode, long w0, long w1) {
        int vmid = machine(w0);
        switch (opcode) {
            case TLBI_NH_ALL -> translations.invalidateStage1(vmid);
            case TLBI_NH_ASID ->
                    translations.invalidateAddressSpace(Regime.EL1, Command.asid(w0), vmid, false);
            default -> {
                TlbiRange range = TlbiRange.decode(w0, w1, false, profile);
                if (range == null) {
                    return Result.ILLEGAL;
                }
                if (opcode == Opcode.TLBI_NH_VA) {
                    translations.invalidateRange(Regime.EL1, Command.asid(w0), vmid, range, false);
                } else {
                    translations.invalidateRangeAnySpace(Regime.EL1, vmid, range);
                }
            }
        }
        return invalidated();
    }

    /** Commands by address mean the regime that SMMU_CR2.E2H selects (section 4.4.2). */
    private Result hypervisor(Opcode opcode, long w0, long w1) {
        int asid = Command.asid(w0);
        switch (opcode) {
            case TLBI_EL2_ALL -> translations.invalidateHypervisors();
            case TLBI_EL2_ASID ->
                    translations.invalidateAddressSpace(Regime.EL2_HOST, asid, 0, false);
            default -> {
                TlbiRange range = TlbiRange.decode(w0, w1, false, profile);
                if (range == null) {
                    return Result.ILLEGAL;
                }
                boolean host = Cr2.E2H.isSet(registers.get(Register.CR2));
                Regime regime = host ? Regime.EL2_HOST : Regime.EL2;
                if (opcode == Opcode.TLBI_EL2_VA) {
                    translations.invalidateRange(regime, asid, 0, range, false);
                } else {
                    translations.invalidateRangeAnySpace(regime, 0, range);
                }
            }
        }
        return invalidated();
    }

    private Result stage2(Opcode opcode, long w0, long w1) {
        int vmid = Command.vmid(w0);
        if (opcode == Opcode.TLBI_S12_VMALL) {
            translations.invalidateMachine(vmid);
            return invalidated();
        }
        TlbiRange range = TlbiRange.decode(w0, w1, true, profile);
        if (range == null) {
            return Result.ILLEGAL;
        }
        translations.invalidateStage2Range(vmid, range);
        return invalidated();
    }

    private boolean enabled() {
        return Cr0.SMMUEN.isSet(registers.get(Register.CR0));
    }

    private int pasid(long w0) {
        return Command.ssv(w0) && profile.substreamBits() > 0
                ? Command.substreamId(w0)
                : Pasid.NONE;
    }

    private Result atcInvalidate(long w0, long w1) {
        int size = (int) Command.ATC_SIZE.get(w1);
        if (!profile.has(Idr0.ATS) || size > Command.ATC_SIZE_ALL) {
            return Result.ILLEGAL;
        }
        if (!enabled()) {
            return Result.DONE;
        }
        atcInvalidations.increment();
        StreamPort port = devices.find(Command.streamId(w0));
        if (port != null) {
            int pasid = pasid(w0);
            boolean global = pasid != Pasid.NONE && Command.GLOBAL.isSet(w0);
            port.invalidate(pasid, Command.atcFirst(w1), 12 + size, global);
        }
        return Result.DONE;
    }

    private Result pageResponse(long w0, long w1) {
        PageResponse response = response(w1);
        if (!profile.has(Idr0.PRI) || response == null) {
            return Result.ILLEGAL;
        }
        if (!enabled()) {
            return Result.DONE;
        }
        responses.increment();
        StreamPort port = devices.find(Command.streamId(w0));
        if (port != null) {
            port.respond(
                    new PageGroupResponse(pasid(w0), (int) Command.PRGINDEX.get(w1), response));
        }
        return Result.DONE;
    }

    private static @Nullable PageResponse response(long w1) {
        return switch ((int) Command.RESPONSE.get(w1)) {
            case Command.RESP_SUCCESS -> PageResponse.SUCCESS;
            case Command.RESP_INVALID -> PageResponse.INVALID_REQUEST;
            case Command.RESP_FAILURE -> PageResponse.RESPONSE_FAILURE;
            default -> null;
        };
    }

    private Result stall(Opcode opcode, long w0, long w1) {
        if (!profile.stallModel() || Command.SSEC.isSet(w0)) {
            return Result.ILLEGAL;
        }
        int stream = Command.streamId(w0);
        if (opcode == Opcode.STALL_TERM) {
            stalls.terminate(stream);
            return Result.DONE;
        }
        StallBuffer.Answer answer;
        if (Command.ACTION.isSet(w0)) {
            answer = StallBuffer.Answer.RETRY;
        } else if (Command.ABORT.isSet(w0) || profile.has(Idr0.TERM_MODEL)) {
            answer = StallBuffer.Answer.ABORT;
        } else {
            answer = StallBuffer.Answer.ZERO;
        }
        stalls.resume(stream, (int) Command.STAG.get(w1), answer);
        return Result.DONE;
    }

    /** CMD_SYNC (section 4.7.3); executed again when what it waits for has happened. */
    private Result sync(long w0, long w1) {
        int signal = (int) Command.CS.get(w0);
        if (signal == Command.CS_RESERVED) {
            return Result.ILLEGAL;
        }
        if (lanesToWaitFor) {
            lanesToWaitFor = false;
            devices.awaitLanes();
        }
        if (devices.expireInvalidations()) {
            return Result.ATC_TIMEOUT;
        }
        if (devices.invalidationsOutstanding()) {
            return Result.WAIT;
        }
        if (signal == Command.CS_IRQ) {
            signalSync = true;
            signalAddress = Command.MSIADDRESS.address(w1);
            signalData = (int) Command.MSIDATA.get(w0);
        }
        return Result.DONE;
    }

    /** The read index has passed the command; the interrupt of a CMD_SYNC may go out. */
    void consumed() {
        if (signalSync) {
            signalSync = false;
            long mask = (1L << profile.addressBits()) - 1;
            // Zero is checked before the address is truncated (section 4.7.3).
            signals.sync(signalAddress == 0 ? 0 : signalAddress & mask, signalData);
        }
    }

    long tlbInvalidations() {
        return tlbInvalidations.sum();
    }

    long atcInvalidations() {
        return atcInvalidations.sum();
    }

    long responses() {
        return responses.sum();
    }
}
