package com.acme.sva;

import com.google.inject.Module;

import jakarta.inject.Singleton;

import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendException;
import org.opensva.api.backend.BackendOption;
import org.opensva.api.backend.BackendProvider;
import org.opensva.api.backend.BackendRequest;
import org.opensva.api.backend.BackendVariant;

import java.util.List;

/**
 * What {@link java.util.ServiceLoader} finds: the name of the platform, its options, and the Guice
 * module that puts it together. Nothing is started before the module is used.
 */
public final class AcmeBackendProvider implements BackendProvider {

    private static final String QUEUES = "queues";
    private static final int MOST_QUEUES = 4096;

    /** Made by the service loader. */
    public AcmeBackendProvider() {}

    @Override
    public String name() {
        return "acme";
    }

    @Override
    public List<BackendVariant> variants() {
        return List.of(BackendVariant.available("", "Acme's software simulator"));
    }

    @Override
    public List<BackendOption> options() {
        return List.of(
                new BackendOption(
                        QUEUES, "hardware queues of each accelerator, 1 to " + MOST_QUEUES, "16"));
    }

    @Override
    public Module module(BackendRequest request) {
        int queues = number(String.valueOf(request.options().get(QUEUES)));
        return binder -> {
            binder.bind(Backend.class)
                    .toProvider(() -> new AcmeBackend(queues))
                    .in(Singleton.class);
        };
    }

    /** A value that makes no sense is answered with one line that says what does. */
    private static int number(String text) {
        if (text.matches("[0-9]{1,4}")) {
            int value = Integer.parseInt(text);
            if (value >= 1 && value <= MOST_QUEUES) {
                return value;
            }
        }
        throw new BackendException(
                "option '%s' of backend 'acme' is '%s'; it must be a number from 1 to %d"
                        .formatted(QUEUES, text, MOST_QUEUES));
    }
}
