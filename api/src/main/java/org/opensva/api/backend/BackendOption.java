package org.opensva.api.backend;

/**
 * An option of a backend, given as {@code key=value}.
 *
 * @param key lower case with hyphens
 * @param title what it does, with its allowed values
 * @param defaultValue what holds if it is not given
 */
public record BackendOption(String key, String title, String defaultValue) {}
