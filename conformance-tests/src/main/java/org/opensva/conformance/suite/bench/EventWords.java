package org.opensva.conformance.suite.bench;

import org.opensva.api.telemetry.HardwareEvent;
import org.opensva.conformance.suite.bench.Timeline.Lane;
import org.opensva.conformance.suite.bench.Timeline.Moment;

import java.util.Locale;

/** Puts hardware events into a few words, and says whose they are. */
final class EventWords {

    private EventWords() {}

    static Moment moment(HardwareEvent event) {
        return new Moment(lane(event.kind()), words(event.kind()), detail(event), false);
    }

    private static Lane lane(HardwareEvent.Kind kind) {
        return switch (kind) {
            case IOTLB_INVALIDATE,
                    IOTLB_SYNC,
                    PASID_ENTRY_SET,
                    PASID_ENTRY_QUIESCED,
                    PASID_ENTRY_CLEARED,
                    CONFIGURATION_SYNC ->
                    Lane.IOMMU;
            case ATC_INVALIDATE, ATC_SYNC, PAGE_REQUEST -> Lane.ATC;
            default -> Lane.KERNEL;
        };
    }

    private static String words(HardwareEvent.Kind kind) {
        String text = kind.name().toLowerCase(Locale.ROOT).replace('_', ' ');
        return text.replace("iotlb", "IOTLB").replace("atc", "ATC").replace("pasid", "PASID");
    }

    private static String detail(HardwareEvent event) {
        StringBuilder text = new StringBuilder();
        if (event.pasid() >= 0) {
            text.append("PASID ").append(event.pasid());
        }
        if (event.length() == -1) {
            text.append(text.isEmpty() ? "" : ", ").append("everything");
        } else if (event.address() != 0 || event.length() != 0) {
            text.append(text.isEmpty() ? "" : ", ")
                    .append("0x")
                    .append(Long.toHexString(event.address()));
            if (event.length() > 0) {
                text.append(" +0x").append(Long.toHexString(event.length()));
            }
        }
        if (event.requester() >= 0) {
            text.append(text.isEmpty() ? "" : ", ")
                    .append("device 0x")
                    .append(Integer.toHexString(event.requester()));
        }
        return text.toString();
    }
}
