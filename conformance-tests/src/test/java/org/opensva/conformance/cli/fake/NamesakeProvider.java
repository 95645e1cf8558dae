package org.opensva.conformance.cli.fake;

/** Has the name of another backend. */
public final class NamesakeProvider extends FakeProvider {

    /** Found by the service loader. */
    public NamesakeProvider() {}
}
