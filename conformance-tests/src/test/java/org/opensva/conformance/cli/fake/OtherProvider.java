package org.opensva.conformance.cli.fake;

/** Another backend of the same make, under another name. */
public final class OtherProvider extends FakeProvider {

    /** Found by the service loader. */
    public OtherProvider() {}

    @Override
    public String name() {
        return "other";
    }
}
