package org.opensva.conformance.inspect;

import org.jspecify.annotations.Nullable;

/**
 * What a model did with an access.
 *
 * @param reached the physical address of the first byte, or null if the access reached none
 * @param fault the fault that it recorded, or null if there is none
 */
public record Seen(@Nullable Long reached, @Nullable String fault) {

    /**
     * Compares with an explanation.
     *
     * @param ending how the explanation says that the access ends
     * @return whether both say the same
     */
    public boolean agrees(Explanation.Ending ending) {
        return switch (ending) {
            case Explanation.Translated translated ->
                    fault == null && reached != null && reached == translated.address();
            case Explanation.Aborted _ -> fault == null && reached == null;
            case Explanation.Faulted expected ->
                    reached == null
                            && (expected.recorded()
                                    ? expected.fault().equals(fault)
                                    : fault == null);
        };
    }
}
