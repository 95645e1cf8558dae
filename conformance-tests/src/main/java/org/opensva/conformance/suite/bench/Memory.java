package org.opensva.conformance.suite.bench;

import org.opensva.api.process.SvaProcess;

/**
 * Some pages of a process, with the token that each was last known to hold in its first eight
 * bytes. Not thread-safe.
 */
public final class Memory {

    private final TestBench bench;
    private final SvaProcess process;
    private final long address;
    private final long[] tokens;

    Memory(TestBench bench, SvaProcess process, long address, int pages) {
        this.bench = bench;
        this.process = process;
        this.address = address;
        this.tokens = new long[pages];
    }

    /**
     * The process.
     *
     * @return whose memory it is
     */
    public SvaProcess process() {
        return process;
    }

    /**
     * The first address.
     *
     * @return a virtual address
     */
    public long address() {
        return address;
    }

    /**
     * The number of pages.
     *
     * @return more than 0
     */
    public int count() {
        return tokens.length;
    }

    /**
     * The number of bytes.
     *
     * @return more than 0
     */
    public long length() {
        return bench.pages(tokens.length);
    }

    /**
     * The address of a page.
     *
     * @param index which page
     * @return its first address
     */
    public long page(int index) {
        return address + bench.pages(index);
    }

    /**
     * What a page is known to hold.
     *
     * @param index which page
     * @return its token
     */
    public long token(int index) {
        return tokens[index];
    }

    /**
     * Notes what a page holds now.
     *
     * @param index which page
     * @param value the new token
     */
    public void expect(int index, long value) {
        tokens[index] = value;
    }

    /**
     * The processor stores a new token in every page.
     *
     * @param name what the tokens stand for in messages
     */
    public void store(String name) {
        for (int i = 0; i < tokens.length; i++) {
            store(i, name);
        }
    }

    /**
     * The processor stores a new token in a page.
     *
     * @param index which page
     * @param name what the token stands for in messages
     */
    public void store(int index, String name) {
        long token = bench.token(name + (tokens.length == 1 ? "" : ", page " + index));
        process.storeLong(page(index), token);
        tokens[index] = token;
    }

    /**
     * A device writes a new token to every page; afterwards it holds writable translations of all.
     *
     * @param device the device
     * @param name what the tokens stand for in messages
     */
    public void writeBy(BoundDevice device, String name) {
        for (int i = 0; i < tokens.length; i++) {
            writeBy(device, i, name);
        }
    }

    /**
     * A device writes a new token to a page; afterwards it holds a writable translation of it.
     *
     * @param device the device
     * @param index which page
     * @param name what the token stands for in messages
     */
    public void writeBy(BoundDevice device, int index, String name) {
        long token = bench.token(name + (tokens.length == 1 ? "" : ", page " + index));
        device.mustWrite(page(index), token, "the device's write to page " + index);
        tokens[index] = token;
    }

    /**
     * Checks that the process finds the tokens.
     *
     * @param what whose memory, for messages
     */
    public void mustHold(String what) {
        for (int i = 0; i < tokens.length; i++) {
            mustHold(i, what);
        }
    }

    /**
     * Checks that the process finds the token of a page.
     *
     * @param index which page
     * @param what whose memory, for messages
     */
    public void mustHold(int index, String what) {
        bench.mustBe(tokens[index], process.loadLong(page(index)), what + ", page " + index);
    }

    /**
     * The same addresses in another process, with the same tokens: what a child got at its birth.
     *
     * @param other a child, or a process that maps the same
     * @return the view of the other process
     */
    public Memory in(SvaProcess other) {
        Memory view = new Memory(bench, other, address, tokens.length);
        System.arraycopy(tokens, 0, view.tokens, 0, tokens.length);
        return view;
    }
}
