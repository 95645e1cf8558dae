package org.opensva.conformance.programs;

/** A memory object, as the contract sees it: a value for each page, zero beyond the end. */
final class ModelObject {

    final long[] values = new long[Program.OBJECT_PAGES];
    int pages = Program.OBJECT_PAGES;

    void truncate(int newPages) {
        for (int page = newPages; page < values.length; page++) {
            values[page] = 0;
        }
        pages = newPages;
    }
}
