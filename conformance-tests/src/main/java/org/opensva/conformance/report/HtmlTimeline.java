package org.opensva.conformance.report;

import org.opensva.conformance.suite.bench.Timeline;
import org.opensva.conformance.suite.bench.Timeline.Lane;
import org.opensva.conformance.suite.bench.Timeline.Moment;

import java.util.List;

/**
 * Draws a timeline as SVG within a page: a column for each lane, time downwards, a bar beside what
 * happened within a span, and in the colour of failures the access that came too late. Colours are
 * the page's own, so that the picture is light or dark with it; the same is there as a list for who
 * does not see it.
 */
final class HtmlTimeline {

    private static final int LANE = 228;
    private static final int LEFT = 44;
    private static final int HEAD = 46;
    private static final int ROW = 40;
    private static final int BOX = 30;
    private static final int GAP = 8;
    private static final int BAR = 3;
    private static final int DEEPEST = 2;

    /** The bars of a lane end where its boxes begin. */
    private static final int BARS = BAR * DEEPEST - 1;

    /** As many characters as fit in a box. */
    private static final int WIDE = 31;

    private static final int NARROW = 40;

    private final Markup out;
    private final String id;
    private final Timeline timeline;

    private HtmlTimeline(Markup out, String id, Timeline timeline) {
        this.out = out;
        this.id = id;
        this.timeline = timeline;
    }

    /**
     * Draws.
     *
     * @param out where to
     * @param id a name for the picture's parts, unique in the page
     * @param timeline what to draw
     */
    static void draw(Markup out, String id, Timeline timeline) {
        new HtmlTimeline(out, id, timeline).figure();
    }

    private void figure() {
        out.open("figure", "class", "timeline");
        out.open("figcaption").text("What happened, top to bottom");
        if (timeline.lost() > 0) {
            out.text("; " + timeline.lost() + " earlier moments are not shown");
        }
        out.text(". ").leaf("span", "Red", "class", "late-word");
        out.text(" is what shows the breach.").close();
        out.open(
                "div",
                "class",
                "picture",
                "tabindex",
                "0",
                "role",
                "region",
                "aria-label",
                "Timeline, scrolls");
        svg();
        out.close();
        list();
        out.close().line();
    }

    private void svg() {
        List<Moment> moments = timeline.moments();
        int width = LEFT + LANE * Lane.values().length + GAP;
        int height = HEAD + ROW * moments.size() + GAP;
        out.open(
                "svg",
                "xmlns",
                "http://www.w3.org/2000/svg",
                "viewBox",
                "0 0 " + width + " " + height,
                "width",
                number(width),
                "height",
                number(height),
                "role",
                "img",
                "aria-labelledby",
                id + "-title");
        out.leaf("title", "Timeline of " + moments.size() + " moments", "id", id + "-title");
        for (Lane lane : Lane.values()) {
            int middle = LEFT + LANE * lane.ordinal() + LANE / 2;
            out.empty(
                    "line",
                    "class",
                    "lane",
                    "x1",
                    number(middle),
                    "x2",
                    number(middle),
                    "y1",
                    number(HEAD - GAP),
                    "y2",
                    number(height));
            out.leaf("text", lane.title(), "class", "head", "x", number(middle), "y", "24");
        }
        for (int i = 1; i < moments.size(); i++) {
            connect(moments, i);
        }
        for (int i = 0; i < moments.size(); i++) {
            if (moments.get(i).isSpan()) {
                span(moments.get(i), i);
            }
        }
        for (int i = 0; i < moments.size(); i++) {
            box(moments.get(i), i);
        }
        out.close();
    }

    /** From one moment to the next; the way to the late one is drawn in its colour. */
    private void connect(List<Moment> moments, int i) {
        Moment from = moments.get(i - 1);
        Moment to = moments.get(i);
        if (from.lane() == to.lane() && !to.late()) {
            return;
        }
        out.empty(
                "line",
                "class",
                to.late() ? "way late" : "way",
                "x1",
                number(middle(from)),
                "y1",
                number(top(i - 1) + BOX),
                "x2",
                number(middle(to)),
                "y2",
                number(top(i)));
    }

    /** A bar beside what happened within a span; one within another is nearer to the boxes. */
    private void span(Moment span, int row) {
        int last = Math.clamp(span.until(), row, timeline.moments().size() - 1);
        int depth = 0;
        for (int i = 0; i < row; i++) {
            Moment other = timeline.moments().get(i);
            if (other.isSpan() && other.lane() == span.lane() && other.until() >= row) {
                depth++;
            }
        }
        int x = LEFT + LANE * span.lane().ordinal() - BARS + BAR * Math.min(depth, DEEPEST);
        out.open("g", "class", "span " + span.lane().id());
        out.leaf("title", span.what() + ", until " + (last + 1));
        out.empty(
                "rect",
                "x",
                number(x),
                "y",
                number(top(row)),
                "width",
                number(BAR),
                "height",
                number(ROW * (last - row) + BOX));
        out.close();
    }

    private void box(Moment moment, int row) {
        int x = LEFT + LANE * moment.lane().ordinal() + GAP / 2;
        int y = top(row);
        out.open("g", "class", moment.late() ? "moment late" : "moment " + moment.lane().id());
        out.leaf(
                "title",
                moment.what() + (moment.detail().isEmpty() ? "" : " (" + moment.detail() + ")"));
        out.leaf(
                "text",
                number(row + 1),
                "class",
                "row",
                "x",
                number(LEFT - GAP),
                "y",
                number(y + 19));
        out.empty(
                "rect",
                "x",
                number(x),
                "y",
                number(y),
                "width",
                number(LANE - GAP),
                "height",
                number(BOX),
                "rx",
                "6");
        boolean two = !moment.detail().isEmpty();
        out.leaf(
                "text",
                cut(moment.what(), WIDE),
                "x",
                number(x + GAP),
                "y",
                number(y + (two ? 13 : 19)));
        if (two) {
            out.leaf(
                    "text",
                    cut(moment.detail(), NARROW),
                    "class",
                    "detail",
                    "x",
                    number(x + GAP),
                    "y",
                    number(y + 25));
        }
        out.close();
    }

    private void list() {
        out.open("details").leaf("summary", "The same as a list").open("ol", "class", "moments");
        for (Moment moment : timeline.moments()) {
            out.open("li", "class", moment.late() ? "late" : "");
            out.leaf("b", moment.lane().title()).text(": " + moment.what());
            if (!moment.detail().isEmpty()) {
                out.text(" (" + moment.detail() + ")");
            }
            if (moment.isSpan()) {
                out.text(", until " + (moment.until() + 1));
            }
            out.text(moment.late() ? " \u2190 shows the breach" : "").close();
        }
        out.close().close();
    }

    private static int middle(Moment moment) {
        return LEFT + LANE * moment.lane().ordinal() + LANE / 2;
    }

    private static int top(int row) {
        return HEAD + ROW * row;
    }

    private static String number(int value) {
        return String.valueOf(value);
    }

    private static String cut(String text, int most) {
        int end = text.offsetByCodePoints(0, Math.min(text.codePointCount(0, text.length()), most));
        return end < text.length() ? text.substring(0, end) + "\u2026" : text;
    }
}
