package org.opensva.emulated;

import com.google.inject.Key;
import com.google.inject.Provider;
import com.google.inject.Scope;

import org.jspecify.annotations.Nullable;

/** Keeps the objects of one machine: the first request makes an object, all others get it. */
final class MachineScope implements Scope {

    @Override
    public <T> Provider<T> scope(Key<T> key, Provider<T> unscoped) {
        return new Once<>(unscoped);
    }

    @Override
    public String toString() {
        return "one for each machine";
    }

    private static final class Once<T> implements Provider<T> {
        private final Provider<T> unscoped;
        private @Nullable T value;

        Once(Provider<T> unscoped) {
            this.unscoped = unscoped;
        }

        @Override
        public synchronized T get() {
            T known = value;
            if (known == null) {
                known = unscoped.get();
                value = known;
            }
            return known;
        }
    }
}
