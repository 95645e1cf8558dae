package org.opensva.linux.doctor;

import org.opensva.linux.process.EventDescriptors;

/**
 * What was found, as the backend needs it.
 *
 * @param pageSize page size of processes in bytes
 * @param query true if the kernel has {@code PROCMAP_QUERY}
 * @param events how a process gets a userfaultfd
 * @param eventFeatures features of a userfaultfd; 0 if there is none that helps
 * @param swap true if pages can be reclaimed
 * @param hugePages true if anonymous memory can have transparent huge pages
 */
public record HostFacts(
        int pageSize,
        boolean query,
        EventDescriptors events,
        long eventFeatures,
        boolean swap,
        boolean hugePages) {}
