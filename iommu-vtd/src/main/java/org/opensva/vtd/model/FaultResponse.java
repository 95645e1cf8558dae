package org.opensva.vtd.model;

import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.model.Translation.AtsStatus;

import java.util.Set;

/**
 * What a device that asked for a translation is told about a fault (sections 4.1 and 7.1.3, the
 * column of translation requests).
 *
 * <p>Three groups. Recoverable: the page, or the PASID, is not there or does not allow the access;
 * the answer is success with the rights that there are, and software is not told, because the
 * device will send a page request. Refused: translation requests are not for this device; the
 * answer is Unsupported Request. Broken: tables could not be read or make no sense; the answer is
 * Completer Abort.
 *
 * <p>No public text has the column row by row. That not-present PASID entries and paging entries
 * and missing rights are recoverable is what public discussions of revision 4.1's table 26 say; the
 * line between Unsupported Request and Completer Abort follows PCI Express section 10.2.3.
 */
final class FaultResponse {

    private static final Set<FaultReason> RECOVERABLE =
            Set.of(
                    FaultReason.WRITE_DENIED,
                    FaultReason.READ_DENIED,
                    FaultReason.PASID_DIRECTORY_NOT_PRESENT,
                    FaultReason.PASID_ENTRY_NOT_PRESENT,
                    FaultReason.FIRST_STAGE_NOT_PRESENT,
                    FaultReason.NESTED_ROOT_READ_DENIED,
                    FaultReason.NESTED_TABLE_READ_DENIED,
                    FaultReason.NESTED_TABLE_WRITE_DENIED,
                    FaultReason.SCALABLE_SECOND_STAGE_DENIED,
                    FaultReason.NOT_CANONICAL,
                    FaultReason.USER_DENIED,
                    FaultReason.EXECUTE_DENIED,
                    FaultReason.SCALABLE_WRITE_DENIED,
                    FaultReason.SCALABLE_READ_DENIED);

    private static final Set<FaultReason> REFUSED =
            Set.of(
                    FaultReason.ROOT_NOT_PRESENT,
                    FaultReason.CONTEXT_NOT_PRESENT,
                    FaultReason.ADDRESS_BEYOND_WIDTH,
                    FaultReason.REQUEST_BLOCKED,
                    FaultReason.TABLE_MODE_INVALID,
                    FaultReason.TABLE_MODE_FORBIDS_PASID,
                    FaultReason.SCALABLE_ROOT_NOT_PRESENT,
                    FaultReason.SCALABLE_CONTEXT_NOT_PRESENT,
                    FaultReason.DEVICE_TLB_DISABLED,
                    FaultReason.PASID_DISABLED,
                    FaultReason.PASID_BEYOND_DIRECTORY,
                    FaultReason.EXECUTE_DISABLED,
                    FaultReason.SUPERVISOR_DISABLED,
                    FaultReason.SCALABLE_ADDRESS_BEYOND_WIDTH,
                    FaultReason.SECOND_STAGE_INPUT_BEYOND_WIDTH,
                    FaultReason.INTERRUPT_RANGE,
                    FaultReason.SCALABLE_INTERRUPT_RANGE);

    private FaultResponse() {}

    /** Whether a translation request is answered with success all the same. */
    static boolean isRecoverable(FaultReason reason) {
        return RECOVERABLE.contains(reason);
    }

    /** What a translation request is answered if the fault is not recoverable. */
    static AtsStatus status(FaultReason reason) {
        return REFUSED.contains(reason) ? AtsStatus.UNSUPPORTED_REQUEST : AtsStatus.COMPLETER_ABORT;
    }
}
