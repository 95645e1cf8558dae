package org.opensva.vtd.driver;

import java.util.ArrayList;
import java.util.List;

/** The devices that use a domain, each under a PASID. Immutable; replaced as a whole. */
final class Attachments {

    /** One PASID of one device. */
    record Attachment(VtdDevice device, int pasid) {}

    static final Attachments NONE = new Attachments(List.of());

    private final List<Attachment> list;
    private final int[] pasids;

    Attachments(List<Attachment> list) {
        this.list = List.copyOf(list);
        this.pasids = list.stream().mapToInt(Attachment::pasid).distinct().toArray();
    }

    List<Attachment> list() {
        return list;
    }

    /** Each PASID once: together with the domain id, the tags of the caches. */
    int[] pasids() {
        return pasids;
    }

    boolean isEmpty() {
        return list.isEmpty();
    }

    Attachments with(Attachment attachment) {
        List<Attachment> more = new ArrayList<>(list);
        more.add(attachment);
        return new Attachments(more);
    }

    Attachments without(Attachment attachment) {
        List<Attachment> fewer = new ArrayList<>(list);
        fewer.remove(attachment);
        return new Attachments(fewer);
    }

    Attachments minus(Attachments others) {
        List<Attachment> rest = new ArrayList<>(list);
        rest.removeAll(others.list);
        return new Attachments(rest);
    }
}
