package org.opensva.conformance.report;

/** Renders a certificate as a badge: a small SVG that says what it concludes. */
public final class Badge {

    private static final String LABEL = "OpenSVA";
    private static final double LETTER = 6.6;
    private static final int MARGIN = 10;

    private Badge() {}

    /**
     * Renders.
     *
     * @param certificate the certificate
     * @return an SVG document
     */
    public static String render(Certificate certificate) {
        String value = certificate.conclusion().text();
        String colour =
                switch (certificate.conclusion()) {
                    case CERTIFIED -> "#116329";
                    case FAILED -> "#b3121d";
                    case INCONCLUSIVE, PARTIAL -> "#875a00";
                };
        int left = width(LABEL);
        int right = width(value);
        String all = String.valueOf(left + right);
        Markup out = new Markup();
        out.open(
                "svg",
                "xmlns",
                "http://www.w3.org/2000/svg",
                "width",
                all,
                "height",
                "20",
                "role",
                "img",
                "aria-label",
                LABEL + ": " + value);
        out.leaf("title", certificate.backend().qualifiedName() + ": " + value);
        out.empty("rect", "width", all, "height", "20", "rx", "3", "fill", "#3b434b");
        out.empty(
                "path",
                "fill",
                colour,
                "d",
                "M%d 0h%da3 3 0 0 1 3 3v14a3 3 0 0 1 -3 3h-%dz"
                        .formatted(left, right - 3, right - 3));
        out.open(
                "g",
                "fill",
                "#fff",
                "text-anchor",
                "middle",
                "font-family",
                "Verdana,DejaVu Sans,sans-serif",
                "font-size",
                "11");
        out.leaf("text", LABEL, "x", String.valueOf(left / 2.0), "y", "14");
        out.leaf("text", value, "x", String.valueOf(left + right / 2.0), "y", "14");
        out.close().close();
        return out + "\n";
    }

    private static int width(String text) {
        return (int) Math.ceil(text.length() * LETTER) + 2 * MARGIN;
    }
}
