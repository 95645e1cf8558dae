package org.opensva.conformance.programs;

import org.opensva.api.memory.Protection;
import org.opensva.api.process.Advice;
import org.opensva.conformance.programs.Step.Control;
import org.opensva.conformance.programs.Step.Ending;

import java.util.ArrayList;
import java.util.List;

/**
 * Reads the text of a program: one step in a line, as {@link Step#text} writes it; blank lines and
 * lines that begin with {@code #} are passed over.
 */
public final class ProgramReader {

    private final String line;
    private final int number;
    private final String[] words;
    private int next;

    private ProgramReader(String line, int number) {
        this.line = line;
        this.number = number;
        this.words = line.split("\\s+");
    }

    /**
     * Reads a program.
     *
     * @param text the text
     * @return the program
     * @throws ProgramFormatException if a line is no step; the message names the line
     */
    public static Program read(String text) throws ProgramFormatException {
        List<Step> steps = new ArrayList<>();
        int number = 0;
        for (String line : text.lines().toList()) {
            number++;
            String step = line.strip();
            if (!step.isEmpty() && !step.startsWith("#")) {
                steps.add(new ProgramReader(step, number).step());
            }
        }
        return new Program(steps);
    }

    private Step step() throws ProgramFormatException {
        int process = numbered('p', Program.PROCESSES);
        String verb = word();
        Step step =
                switch (verb) {
                    case "spawn" -> new Step.Spawn(process);
                    case "fork" -> new Step.Fork(process, numbered('p', Program.PROCESSES));
                    case "exec" -> new Step.End(process, Ending.EXEC);
                    case "exit" -> new Step.End(process, Ending.EXIT);
                    case "kill" -> new Step.End(process, Ending.KILL);
                    case "map" -> map(process);
                    case "unmap" -> new Step.Unmap(process, span());
                    case "protect" ->
                            new Step.Protect(process, span(), constant(Protection.values()));
                    case "advise" -> new Step.Advise(process, span(), constant(Advice.values()));
                    case "truncate" -> new Step.Truncate(process, number(0, Program.OBJECT_PAGES));
                    case "move" -> new Step.Move(process, page());
                    case "load" -> new Step.Load(process, page());
                    case "store" -> new Step.Store(process, page(), value());
                    case "open" -> {
                        int queue = numbered('q', Program.QUEUES);
                        literal("on");
                        yield new Step.Open(process, queue, number(0, Integer.MAX_VALUE));
                    }
                    case "close" -> manage(process, Control.CLOSE);
                    case "put" -> manage(process, Control.PUT);
                    case "start" -> manage(process, Control.START);
                    case "pass" -> {
                        int queue = numbered('q', Program.QUEUES);
                        yield new Step.Pass(process, queue, numbered('p', Program.PROCESSES));
                    }
                    case "read" -> {
                        int page = page();
                        literal("by");
                        yield new Step.Read(process, numbered('q', Program.QUEUES), page);
                    }
                    case "write" -> {
                        Span span = span();
                        long value = value();
                        literal("by");
                        yield new Step.Write(process, numbered('q', Program.QUEUES), span, value);
                    }
                    default -> throw wrong("'" + verb + "' is not a step");
                };
        if (next < words.length) {
            throw wrong("'" + words[next] + "' is too much");
        }
        return step;
    }

    private Step map(int process) throws ProgramFormatException {
        Span span = span();
        if (next == words.length) {
            return new Step.Map(process, span);
        }
        String kind = word();
        boolean shared = kind.equals("shared");
        if (!shared && !kind.equals("private")) {
            throw wrong("'" + kind + "' is neither shared nor private");
        }
        int page = number(0, Program.OBJECT_PAGES - 1);
        if (page + span.count() > Program.OBJECT_PAGES) {
            throw wrong("the object has " + Program.OBJECT_PAGES + " pages");
        }
        return new Step.MapObject(process, span, page, shared);
    }

    private Step manage(int process, Control control) throws ProgramFormatException {
        return new Step.Manage(process, numbered('q', Program.QUEUES), control);
    }

    private String word() throws ProgramFormatException {
        if (next == words.length) {
            throw wrong("something is missing at its end");
        }
        return words[next++];
    }

    private void literal(String wanted) throws ProgramFormatException {
        String word = word();
        if (!word.equals(wanted)) {
            throw wrong("'" + word + "' stands where '" + wanted + "' belongs");
        }
    }

    private int numbered(char letter, int bound) throws ProgramFormatException {
        String word = word();
        if (word.length() < 2 || word.charAt(0) != letter) {
            throw wrong("'%s' is not %c and a number".formatted(word, letter));
        }
        return integer(word.substring(1), 0, bound - 1);
    }

    private int number(int least, int most) throws ProgramFormatException {
        return integer(word(), least, most);
    }

    private int integer(String digits, int least, int most) throws ProgramFormatException {
        try {
            int value = Integer.parseInt(digits);
            if (value >= least && value <= most) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw wrong("'" + digits + "' is not a number", e);
        }
        throw wrong("%s is not between %d and %d".formatted(digits, least, most));
    }

    private int page() throws ProgramFormatException {
        return number(0, Program.PAGES - 1);
    }

    private Span span() throws ProgramFormatException {
        String[] parts = word().split("\\+", 2);
        int first = integer(parts[0], 0, Program.PAGES - 1);
        int count = parts.length == 1 ? 1 : integer(parts[1], 1, Program.PAGES);
        if (first + count > Program.PAGES) {
            throw wrong("the window has " + Program.PAGES + " pages");
        }
        return new Span(first, count);
    }

    private long value() throws ProgramFormatException {
        String word = word();
        try {
            if (word.startsWith("0x")) {
                return Long.parseUnsignedLong(word.substring(2), 16);
            }
        } catch (NumberFormatException e) {
            throw wrong("'" + word + "' is not 0x and up to 16 hexadecimal digits", e);
        }
        throw wrong("'" + word + "' is not 0x and up to 16 hexadecimal digits");
    }

    private <E extends Enum<E>> E constant(E[] values) throws ProgramFormatException {
        String word = word();
        for (E value : values) {
            if (Step.lower(value).equals(word)) {
                return value;
            }
        }
        throw wrong("'" + word + "' is not known here");
    }

    private ProgramFormatException wrong(String reason) {
        return wrong(reason, null);
    }

    private ProgramFormatException wrong(
            String reason, @org.jspecify.annotations.Nullable Throwable cause) {
        return new ProgramFormatException(
                "line %d, '%s': %s".formatted(number, line, reason), cause);
    }
}
