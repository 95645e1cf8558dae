package org.opensva.conformance.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.conformance.rules.RuleBook;
import org.opensva.conformance.suite.Verdict;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import java.util.regex.Pattern;

import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;

/** The pages and JUnit XML, read by a parser as strict as they come. */
class ReportPagesTest {

    private static final RuleBook BOOK = RuleBook.load();

    private static Document parse(String text) {
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            factory.setFeature(
                    "http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
            DocumentBuilder builder = factory.newDocumentBuilder();
            builder.setErrorHandler(null);
            return builder.parse(new InputSource(new StringReader(text)));
        } catch (SAXException | IOException | ParserConfigurationException e) {
            throw new AssertionError("not well-formed: " + e.getMessage(), e);
        }
    }

    private static List<Element> elements(Document document, String name) {
        NodeList nodes = document.getElementsByTagName(name);
        List<Element> elements = new ArrayList<>();
        for (int i = 0; i < nodes.getLength(); i++) {
            elements.add((Element) nodes.item(i));
        }
        return elements;
    }

    private static SequencedMap<String, Certificate> two(String words) {
        SequencedMap<String, Certificate> two = new LinkedHashMap<>();
        two.put("fake-good", Samples.every(words));
        two.put("fake-other", Samples.certificate(true));
        return two;
    }

    @Test
    void thePagesAreWellFormedWhateverTheyShow() {
        for (String words : List.of("why", Samples.HOSTILE)) {
            for (String page :
                    List.of(
                            HtmlReport.render(Samples.every(words), BOOK),
                            HtmlOverview.render(two(words)))) {
                Document document = parse(page);
                assertEquals(1, elements(document, "script").size(), "nothing was injected");
                assertEquals(
                        1,
                        elements(document, "title").stream()
                                .filter(title -> title.getParentNode().getNodeName().equals("head"))
                                .count());
                Set<String> ids = new HashSet<>();
                for (Element element : elements(document, "*")) {
                    String id = element.getAttribute("id");
                    assertTrue(id.isEmpty() || ids.add(id), "id " + id + " twice");
                }
                for (Element link : elements(document, "a")) {
                    String href = link.getAttribute("href");
                    assertTrue(
                            !href.startsWith("#") || ids.contains(href.substring(1)),
                            href + " leads nowhere");
                }
            }
        }
    }

    @Test
    void thePagesNeedNoNetworkAndNoOtherFile() {
        Pattern outside =
                Pattern.compile("(src|href|action)=\"(https?:|//)|url\\(|@import|fetch\\(");
        for (String page :
                List.of(
                        HtmlReport.render(Samples.every("why"), BOOK),
                        HtmlOverview.render(two("why")))) {
            assertFalse(outside.matcher(page).find(), page);
            assertTrue(page.contains("default-src 'none'"), "and the browser makes sure of it");
            assertTrue(page.contains("prefers-color-scheme: dark"), "dark, too");
        }
    }

    @Test
    void failuresComeFirst() {
        Document page = parse(HtmlReport.render(Samples.every("why"), BOOK));
        List<String> verdicts =
                elements(page, "tr").stream()
                        .map(row -> row.getAttribute("data-verdict"))
                        .filter(verdict -> !verdict.isEmpty())
                        .toList();
        assertEquals(
                List.of(
                        "failed",
                        "failed",
                        "inconclusive",
                        "inconclusive",
                        "passed",
                        "not-observable",
                        "not-applicable"),
                verdicts);
        String failures = HtmlReport.render(Samples.every("why"), BOOK);
        assertTrue(
                failures.indexOf("id=\"failures\"") < failures.indexOf("id=\"rules\""),
                "what failed is above the table");
        assertTrue(failures.contains("<dd>expected why</dd>"), "what was expected");
        assertTrue(failures.contains("<dd>seen why</dd>"), "what was seen");
        assertTrue(
                failures.contains(
                        "opensva certify --backend fake:good --option queues=4 --rules UNMAP-01"
                                + " --seed 0xfedcba9876543210"),
                "how to repeat it");
    }

    @Test
    void aPageWithoutFailuresSaysNothingOfThem() {
        Certificate good = Samples.certificate(true);
        assertFalse(HtmlReport.render(good, BOOK).contains("id=\"failures\""), "no section");
    }

    @Test
    void junitXmlCountsWhatItHolds() {
        for (String words : List.of("why", Samples.HOSTILE)) {
            Certificate certificate = Samples.every(words);
            Document document = parse(JunitReport.render(certificate));
            Element all = document.getDocumentElement();
            assertEquals("testsuites", all.getTagName());
            assertEquals("7", all.getAttribute("tests"));
            assertEquals("2", all.getAttribute("failures"));
            assertEquals("1", all.getAttribute("errors"));
            assertEquals("3", all.getAttribute("skipped"));
            assertEquals(7, elements(document, "testcase").size());
            assertEquals(2, elements(document, "failure").size());
            assertEquals(1, elements(document, "error").size());
            assertEquals(3, elements(document, "skipped").size());
            int tests = 0;
            for (Element suite : elements(document, "testsuite")) {
                tests += Integer.parseInt(suite.getAttribute("tests"));
            }
            assertEquals(7, tests);
            assertEquals(List.of(), elements(document, "properties"));
            String failure = elements(document, "failure").getFirst().getTextContent();
            assertTrue(failure.contains("expected: expected "), failure);
        }
    }

    @Test
    void theOverviewHasAColumnForEachBackendAndLinksToItsReport() {
        Document page = parse(HtmlOverview.render(two("why")));
        List<String> links =
                elements(page, "a").stream()
                        .map(a -> a.getAttribute("href"))
                        .filter(href -> !href.startsWith("#"))
                        .distinct()
                        .toList();
        assertEquals(List.of("fake-good/index.html", "fake-other/index.html"), links);
        assertEquals(
                Samples.every("why").summary().get(Verdict.FAILED),
                2,
                "the sample has two failures");
    }

    @Test
    void foldersAreNamedAlikeOnEveryFileSystem() {
        assertEquals("emulated-smmuv3", ReportFolder.folder("emulated:smmuv3"));
        assertEquals(
                "native-uacce-hisi_zip-0".replace('_', '-'),
                ReportFolder.folder("native:uacce/hisi_zip-0"));
    }

    @Test
    void theOpenTestReportHasAStatusForEveryRule() {
        Document document = parse(OpenTestReport.render(Samples.every(Samples.HOSTILE)));
        assertEquals("h:execution", document.getDocumentElement().getTagName());
        List<String> status =
                elements(document, "result").stream().map(r -> r.getAttribute("status")).toList();
        // The backend, its five groups, and seven rules; the schema wants a result before children.
        assertEquals(1 + 5 + 7, status.size());
        assertEquals("FAILED", status.getFirst());
        assertTrue(status.contains("ABORTED") && status.contains("SKIPPED"), status.toString());
        for (Element result : elements(document, "result")) {
            for (var next = result.getPreviousSibling();
                    next != null;
                    next = next.getPreviousSibling()) {
                assertFalse(next.getNodeName().startsWith("h:"), "a result after a child");
            }
        }
    }

    @Test
    void theBadgeSaysWhatTheCertificateConcludes() {
        for (Certificate certificate :
                List.of(Samples.every(Samples.HOSTILE), Samples.certificate(true))) {
            Element badge = parse(Badge.render(certificate)).getDocumentElement();
            assertEquals(
                    "OpenSVA: " + certificate.conclusion().text(),
                    badge.getAttribute("aria-label"));
        }
    }

    @Test
    void annotationsAreALineEachWhateverTheySay() {
        List<String> lines = Annotations.github(Samples.every(Samples.HOSTILE));
        assertEquals(4, lines.size());
        for (String line : lines) {
            assertEquals(1, line.lines().count(), line);
            assertTrue(line.matches("::(error|warning) title=fake%3Agood%3A [^:]*::.*"), line);
        }
        assertEquals(2, lines.stream().filter(line -> line.startsWith("::error ")).count());
    }
}
