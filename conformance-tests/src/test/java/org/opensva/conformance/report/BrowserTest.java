package org.opensva.conformance.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opensva.conformance.rules.RuleBook;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The page in a real browser: its script runs, its filter filters, its pictures are drawn. */
class BrowserTest {

    private static final List<String> FLAGS =
            List.of(
                    "--headless",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-quic",
                    "--no-first-run",
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--disable-sync");

    @TempDir Path folder;

    private static Path browser() {
        return Stream.of("/usr/bin/chromium", "/usr/bin/chromium-browser")
                .map(Path::of)
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(Path.of(""));
    }

    /** Opens a page, and returns what has become of it when its script has run. */
    private String open(String page, String... more) throws Exception {
        assumeTrue(Files.isExecutable(browser()), "no Chromium here");
        Path file = Files.writeString(folder.resolve("index.html"), page);
        List<String> command = new ArrayList<>(List.of(browser().toString()));
        command.addAll(FLAGS);
        command.add("--user-data-dir=" + Files.createTempDirectory(folder, "user"));
        command.addAll(List.of(more));
        command.add(file.toUri().toString());
        Path out = folder.resolve("out");
        Process process =
                new ProcessBuilder(command)
                        .redirectOutput(out.toFile())
                        .redirectError(folder.resolve("err").toFile())
                        .start();
        try {
            assertTrue(process.waitFor(3, TimeUnit.MINUTES), "the browser ends");
            assertEquals(0, process.exitValue(), () -> read("err"));
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
        }
        return Files.readString(out, StandardCharsets.UTF_8);
    }

    private String read(String name) {
        try {
            return Files.readString(folder.resolve(name));
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** Adds steps of a user to a page; the policy of the page allows its own script only inline. */
    private static String with(String page, String script) {
        return page.replace("</body>", "<script>" + script + "</script></body>");
    }

    private static String page() {
        return HtmlReport.render(Samples.every(Samples.HOSTILE), RuleBook.load());
    }

    @Test
    void theFilterIsShownAndCountsTheRules() throws Exception {
        String dom = open(page(), "--dump-dom");
        assertTrue(dom.contains(">7 of 7</output>"), "the script has run");
        assertFalse(Pattern.compile("<form[^>]* hidden").matcher(dom).find(), "the form is shown");
    }

    @Test
    void whoSearchesSeesTheRulesThatMatchAndNoOther() throws Exception {
        String dom =
                open(
                        with(
                                page(),
                                """
                                document.dispatchEvent(new KeyboardEvent('keydown', {key: '/'}));
                                document.activeElement.value = 'unmap-01';
                                document.activeElement.dispatchEvent(
                                    new Event('input', {bubbles: true}));
                                """),
                        "--dump-dom");
        assertTrue(dom.contains(">1 of 7</output>"), "one rule is left");
        Matcher rows = Pattern.compile("<tr data-verdict[^>]*>").matcher(dom);
        int hidden = 0;
        while (rows.find()) {
            hidden += rows.group().contains("hidden") ? 1 : 0;
        }
        assertEquals(6, hidden);
    }

    @Test
    void thePictureHasABoxForEveryMomentInsideItsFrameAndTheLateOneIsInView() throws Exception {
        String dom =
                open(
                        with(
                                page(),
                                """
                                var frame = document.querySelector('.picture');
                                var box = frame.getBoundingClientRect();
                                var late = frame.querySelector('.moment.late rect')
                                    .getBoundingClientRect();
                                document.title = [
                                    frame.querySelectorAll('rect').length,
                                    late.top >= box.top,
                                    late.bottom <= box.bottom,
                                    getComputedStyle(frame.querySelector('.late rect')).stroke
                                        === getComputedStyle(document.querySelector('h3')).color
                                ].join(' ');
                                """),
                        "--dump-dom",
                        "--window-size=1300,1000");
        assertTrue(dom.contains("<title>5 true true true</title>"), dom.substring(0, 900));
    }

    @Test
    void nothingIsWiderThanANarrowWindow() throws Exception {
        String dom =
                open(
                        with(
                                page(),
                                "document.title = document.documentElement.scrollWidth + ' of '"
                                        + " + window.innerWidth;"),
                        "--dump-dom",
                        "--window-size=500,900");
        Matcher title = Pattern.compile("<title>(\\d+) of (\\d+)</title>").matcher(dom);
        assertTrue(title.find(), "measured");
        assertTrue(
                Integer.parseInt(title.group(1)) <= Integer.parseInt(title.group(2)),
                title.group());
    }

    @Test
    void inTheDarkThePaperIsDark() throws Exception {
        String dom =
                open(
                        with(
                                page(),
                                "document.title ="
                                        + " getComputedStyle(document.body).backgroundColor;"),
                        "--dump-dom",
                        "--blink-settings=preferredColorScheme=0");
        assertTrue(dom.contains("<title>rgb(16, 20, 24)</title>"), dom.substring(0, 900));
    }
}
