package org.opensva.vtd.driver;

import org.jspecify.annotations.Nullable;
import org.opensva.api.iommu.FaultRecord;
import org.opensva.vtd.layout.FaultReason;

/** What the fault reasons of section 7.1.3 mean to somebody who does not know VT-d. */
final class FaultKinds {

    private FaultKinds() {}

    /** The neutral kind of a reason; of a reserved one, a request that is not allowed. */
    static FaultRecord.Kind of(@Nullable FaultReason reason) {
        if (reason == null) {
            return FaultRecord.Kind.UNSUPPORTED_REQUEST;
        }
        return switch (reason) {
            case FIRST_STAGE_NOT_PRESENT,
                    FIRST_STAGE_RESERVED,
                    SECOND_STAGE_RESERVED,
                    SCALABLE_SECOND_STAGE_RESERVED,
                    INTERRUPT_RANGE,
                    SCALABLE_INTERRUPT_RANGE ->
                    FaultRecord.Kind.TRANSLATION;
            case WRITE_DENIED,
                    READ_DENIED,
                    USER_DENIED,
                    EXECUTE_DENIED,
                    SCALABLE_WRITE_DENIED,
                    SCALABLE_READ_DENIED,
                    SCALABLE_SECOND_STAGE_DENIED,
                    NESTED_ROOT_READ_DENIED,
                    NESTED_TABLE_READ_DENIED,
                    NESTED_TABLE_WRITE_DENIED,
                    EXECUTE_DISABLED,
                    SUPERVISOR_DISABLED ->
                    FaultRecord.Kind.PERMISSION;
            case FIRST_STAGE_UPDATE_NOT_SNOOPED,
                    FIRST_STAGE_UPDATE_FAILED,
                    SECOND_STAGE_UPDATE_NOT_SNOOPED,
                    SECOND_STAGE_UPDATE_FAILED ->
                    FaultRecord.Kind.ACCESS_FLAG;
            case ADDRESS_BEYOND_WIDTH,
                    NOT_CANONICAL,
                    SCALABLE_ADDRESS_BEYOND_WIDTH,
                    SECOND_STAGE_INPUT_BEYOND_WIDTH,
                    NESTED_TABLE_BEYOND_WIDTH ->
                    FaultRecord.Kind.ADDRESS_SIZE;
            case ROOT_NOT_PRESENT,
                    ROOT_RESERVED,
                    CONTEXT_NOT_PRESENT,
                    CONTEXT_INVALID,
                    CONTEXT_RESERVED,
                    SCALABLE_ROOT_NOT_PRESENT,
                    SCALABLE_ROOT_RESERVED,
                    SCALABLE_CONTEXT_NOT_PRESENT,
                    SCALABLE_CONTEXT_RESERVED,
                    SCALABLE_CONTEXT_INVALID,
                    TABLE_MODE_INVALID,
                    TABLE_MODE_FORBIDS_PASID,
                    TABLE_MODE_FORBIDS_PAGE_REQUEST,
                    TABLE_MODE_RTA_4 ->
                    FaultRecord.Kind.DEVICE_CONFIGURATION;
            case PASID_BEYOND_DIRECTORY,
                    RID_PASID_INVALID,
                    PASID_DIRECTORY_NOT_PRESENT,
                    PASID_DIRECTORY_RESERVED,
                    PASID_ENTRY_NOT_PRESENT,
                    PASID_ENTRY_RESERVED,
                    PASID_ENTRY_INVALID ->
                    FaultRecord.Kind.PASID_CONFIGURATION;
            case ROOT_ACCESS,
                    CONTEXT_ACCESS,
                    SECOND_STAGE_ACCESS,
                    SCALABLE_ROOT_ACCESS,
                    SCALABLE_CONTEXT_ACCESS,
                    PASID_DIRECTORY_ACCESS,
                    PASID_ENTRY_ACCESS,
                    FIRST_STAGE_ACCESS,
                    FIRST_STAGE_ROOT_ACCESS,
                    SCALABLE_SECOND_STAGE_ACCESS,
                    SCALABLE_SECOND_STAGE_ROOT_ACCESS,
                    IRTE_ACCESS,
                    POSTED_DESCRIPTOR_ACCESS ->
                    FaultRecord.Kind.EXTERNAL_ABORT;
            case REQUEST_BLOCKED,
                    DEVICE_TLB_DISABLED,
                    PASID_DISABLED,
                    PAGE_REQUEST_DISABLED,
                    INTERRUPT_REQUEST_RESERVED,
                    INTERRUPT_INDEX,
                    IRTE_NOT_PRESENT,
                    IRTE_RESERVED,
                    COMPATIBILITY_BLOCKED,
                    SOURCE_ID_DENIED,
                    POSTED_DESCRIPTOR_RESERVED,
                    INTERRUPT_REQUEST_INVALID,
                    SCALABLE_SGN_9,
                    SCALABLE_SGN_10 ->
                    FaultRecord.Kind.UNSUPPORTED_REQUEST;
        };
    }
}
