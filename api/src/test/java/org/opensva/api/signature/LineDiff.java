package org.opensva.api.signature;

import java.util.ArrayList;
import java.util.List;

/** The lines that two descriptions do not share, below the type or package they belong to. */
final class LineDiff {
    private LineDiff() {}

    /** Lines only in {@code before} marked "-", lines only in {@code after} marked "+". */
    static List<String> between(List<String> before, List<String> after) {
        int[][] common = new int[before.size() + 1][after.size() + 1];
        for (int i = before.size() - 1; i >= 0; i--) {
            for (int j = after.size() - 1; j >= 0; j--) {
                common[i][j] =
                        before.get(i).equals(after.get(j))
                                ? common[i + 1][j + 1] + 1
                                : Math.max(common[i + 1][j], common[i][j + 1]);
            }
        }
        List<String> lines = new ArrayList<>();
        String heading = "";
        String written = "";
        int i = 0;
        int j = 0;
        while (i < before.size() || j < after.size()) {
            boolean same =
                    i < before.size() && j < after.size() && before.get(i).equals(after.get(j));
            if (same) {
                if (isHeading(before.get(i))) {
                    heading = before.get(i);
                }
                i++;
                j++;
                continue;
            }
            boolean removed =
                    j == after.size() || i < before.size() && common[i + 1][j] >= common[i][j + 1];
            String line = removed ? before.get(i++) : after.get(j++);
            if (!isHeading(line) && !line.isEmpty() && !heading.equals(written)) {
                lines.add("  " + heading);
                written = heading;
            }
            if (isHeading(line)) {
                heading = line;
                written = line;
            }
            if (!line.isEmpty()) {
                lines.add((removed ? "- " : "+ ") + line);
            }
        }
        return lines;
    }

    private static boolean isHeading(String line) {
        return !line.isEmpty() && !line.startsWith(" ");
    }
}
