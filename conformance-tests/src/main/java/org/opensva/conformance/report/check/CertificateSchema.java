package org.opensva.conformance.report.check;

import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;

import org.opensva.conformance.report.Certificate;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * The JSON Schema of certificates ({@code certificate-1.schema.json}, draft 2020-12), asked of a
 * validator that knows nothing of this project.
 */
public final class CertificateSchema {

    /** Where the schema is among the resources of {@code org.opensva.conformance.report}. */
    public static final String RESOURCE = "certificate-1.schema.json";

    private final JsonNode document;
    private final Schema schema;

    /** Reads the schema that this version of the suite writes by. */
    public CertificateSchema() {
        try (InputStream in = Certificate.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IllegalStateException(RESOURCE + " is missing from the suite");
            }
            this.document = JsonMapper.shared().readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + RESOURCE + " of the suite", e);
        }
        this.schema =
                SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                        .getSchema(document);
    }

    /**
     * The schema itself.
     *
     * @return a copy
     */
    public JsonNode document() {
        return document.deepCopy();
    }

    /**
     * What of a document is not as the schema says.
     *
     * @param certificate any document
     * @return a line for each place, empty if all is well
     */
    public List<String> violations(JsonNode certificate) {
        return schema.validate(certificate).stream().map(CertificateSchema::line).toList();
    }

    private static String line(Error error) {
        String place = error.getInstanceLocation().toString();
        return (place.isEmpty() ? "document" : place) + ": " + error.getMessage();
    }
}
