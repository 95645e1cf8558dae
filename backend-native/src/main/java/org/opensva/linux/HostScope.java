package org.opensva.linux;

import com.google.inject.Key;
import com.google.inject.Provider;
import com.google.inject.Scope;

import org.jspecify.annotations.Nullable;

/** Keeps the parts of one open backend: the first request makes a part, all others get it. */
final class HostScope implements Scope {

    @Override
    public <T> Provider<T> scope(Key<T> key, Provider<T> unscoped) {
        return new Part<>(unscoped);
    }

    @Override
    public String toString() {
        return "one for each open backend";
    }

    private static final class Part<T> implements Provider<T> {
        private final Provider<T> unscoped;
        private @Nullable T made;

        Part(Provider<T> unscoped) {
            this.unscoped = unscoped;
        }

        @Override
        public synchronized T get() {
            T known = made;
            if (known == null) {
                known = unscoped.get();
                made = known;
            }
            return known;
        }
    }
}
