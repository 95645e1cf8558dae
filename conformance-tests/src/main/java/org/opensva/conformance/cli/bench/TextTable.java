package org.opensva.conformance.cli.bench;

import java.util.ArrayList;
import java.util.List;

/** Columns for people, each as wide as its widest cell. Not thread-safe. */
final class TextTable {

    private final List<String[]> rows = new ArrayList<>();
    private final int firstNumber;
    private final int lastNumber;

    /**
     * Begins a table.
     *
     * @param firstNumber the first column that is set flush right
     * @param lastNumber the last one
     * @param titles what stands above the columns
     */
    TextTable(int firstNumber, int lastNumber, String... titles) {
        this.firstNumber = firstNumber;
        this.lastNumber = lastNumber;
        rows.add(titles);
    }

    /** Adds a row with as many cells as there are titles. */
    void row(String... cells) {
        rows.add(cells);
    }

    /** The titles and the rows. */
    List<String> lines() {
        int[] widths = new int[rows.getFirst().length];
        for (String[] row : rows) {
            for (int i = 0; i < row.length; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        List<String> lines = new ArrayList<>();
        for (String[] row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < row.length; i++) {
                String blanks = " ".repeat(widths[i] - row[i].length());
                boolean number = i >= firstNumber && i <= lastNumber;
                line.append(number ? blanks + row[i] : row[i] + blanks).append("  ");
            }
            lines.add(line.toString().stripTrailing());
        }
        return lines;
    }
}
