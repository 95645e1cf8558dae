package org.opensva.ats.message;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.Access;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

class TlpCodecTest {

    private static final RequesterId DEVICE = RequesterId.of(0x12, 3, 4);
    private static final RequesterId ROOT = RequesterId.of(0, 0, 1);
    private static final HexFormat HEX = HexFormat.ofDelimiter(" ");

    private static void assertBytes(String expected, Tlp tlp) throws MalformedTlpException {
        byte[] bytes = TlpCodec.encode(tlp);
        assertEquals(expected, HEX.formatHex(bytes));
        assertEquals(tlp, TlpCodec.decode(bytes));
    }

    @Test
    void aTranslationRequestIsAMemoryReadOfEightBytesForEachEntry() throws Exception {
        assertBytes(
                "91 2a bc de 20 00 04 04 12 1c 7f ff 00 00 7f 12 34 56 70 01",
                new Tlp.TranslationRequest(
                        DEVICE, 0x7f, 0xabcde, false, true, true, 0x7f1234567000L, 2));
        assertBytes(
                "00 00 04 02 12 1c 01 ff 00 12 30 00",
                new Tlp.TranslationRequest(
                        DEVICE, 1, Pasid.NONE, false, false, false, 0x123000, 1));
        assertBytes(
                "91 10 00 07 00 88 04 00 12 1c ff ff ff ff f0 00",
                new Tlp.TranslationRequest(DEVICE, 0x3ff, 7, true, false, false, 0xfffff000L, 512));
    }

    @Test
    void aTranslationCompletionCarriesItsEntriesBigEndian() throws Exception {
        long small = TranslationEntry.of(0x8_0000_5000L, 12, TranslationEntry.R);
        long large =
                TranslationEntry.of(
                        0x4020_0000L,
                        21,
                        TranslationEntry.R
                                | TranslationEntry.W
                                | TranslationEntry.GLOBAL
                                | TranslationEntry.PRIV
                                | TranslationEntry.EXE);
        assertBytes(
                "4a 00 00 04 00 01 00 10 12 1c 7f 00"
                        + " 00 00 00 08 00 00 50 01 00 00 00 00 40 2f f8 3b",
                new Tlp.TranslationCompletion(
                        ROOT, DEVICE, 0x7f, CompletionStatus.SUCCESS, 16, List.of(small, large)));
        assertBytes(
                "0a 00 00 00 00 01 20 08 12 1c 7f 00",
                new Tlp.TranslationCompletion(
                        ROOT, DEVICE, 0x7f, CompletionStatus.UNSUPPORTED_REQUEST, 8, List.of()));
        assertBytes(
                "0a 00 00 00 00 01 80 00 12 1c 7f 00",
                new Tlp.TranslationCompletion(
                        ROOT, DEVICE, 0x7f, CompletionStatus.COMPLETER_ABORT, 4096, List.of()));
    }

    @Test
    void anInvalidateRequestCarriesItsRangeAsTranslationsDo() throws Exception {
        assertBytes(
                "91 00 00 05 72 00 00 02 00 01 1f 01 12 1c 00 00 00 00 00 00"
                        + " 00 00 7f 12 34 56 70 00",
                invalidate(31, 5, 0x7f1234567000L, 12, false));
        assertBytes(
                "91 00 00 05 72 00 00 02 00 01 02 01 12 1c 00 00 00 00 00 00"
                        + " 00 00 00 00 00 20 08 01",
                invalidate(2, 5, 0x200000, 13, true));
        assertBytes(
                "72 00 00 02 00 01 00 01 12 1c 00 00 00 00 00 00 7f ff ff ff ff ff f8 00",
                invalidate(0, Pasid.NONE, 0, 64, false));
    }

    private static Tlp invalidate(int itag, int pasid, long address, int shift, boolean global) {
        return new Tlp.Invalidate(
                ROOT, DEVICE, new InvalidateRequest(itag, pasid, address, shift, global));
    }

    @Test
    void anInvalidateCompletionCarriesItsCountAndItsTags() throws Exception {
        assertBytes(
                "32 00 00 00 12 1c 00 02 00 01 00 01 80 00 00 01",
                new Tlp.Invalidated(DEVICE, ROOT, new InvalidateCompletion(0x80000001, 1)));
        assertBytes(
                "32 00 00 00 12 1c 00 02 00 01 00 00 00 00 00 10",
                new Tlp.Invalidated(DEVICE, ROOT, new InvalidateCompletion(16, 8)));
    }

    @Test
    void aPageRequestAsksTheRootComplex() throws Exception {
        assertBytes(
                "91 30 00 09 30 00 00 00 12 1c 00 04 ff ff 80 00 00 00 1f ff",
                new Tlp.PageRequested(
                        DEVICE, new PageRequest(9, 0xffff800000001000L, Access.MASK, 511, true)));
        assertBytes(
                "30 00 00 00 12 1c 00 04 00 00 00 00 00 00 10 19",
                new Tlp.PageRequested(
                        DEVICE, new PageRequest(Pasid.NONE, 0x1000, Access.READ, 3, false)));
    }

    @Test
    void aStopMarkerIsLastAndWantsNothing() throws Exception {
        assertBytes(
                "91 00 00 09 30 00 00 00 12 1c 00 04 00 00 00 00 00 00 00 04",
                new Tlp.PageRequested(DEVICE, PageRequest.stopMarker(9)));
    }

    @Test
    void aPageGroupResponseCarriesItsCodeAndItsIndex() throws Exception {
        assertBytes(
                "91 00 00 09 32 00 00 00 00 01 00 05 12 1c f1 ff 00 00 00 00",
                new Tlp.PageAnswered(
                        ROOT,
                        DEVICE,
                        new PageGroupResponse(9, 511, PageResponse.RESPONSE_FAILURE)));
        assertBytes(
                "32 00 00 00 00 01 00 05 12 1c 10 02 00 00 00 00",
                new Tlp.PageAnswered(
                        ROOT,
                        DEVICE,
                        new PageGroupResponse(Pasid.NONE, 2, PageResponse.INVALID_REQUEST)));
    }

    @Test
    void reservedResponseCodesAreFailures() throws Exception {
        for (int code = 2; code < 16; code++) {
            byte[] bytes = HEX.parseHex("32 00 00 00 00 01 00 05 12 1c 00 02 00 00 00 00");
            bytes[10] = (byte) (code << 4);
            Tlp.PageAnswered answer = (Tlp.PageAnswered) TlpCodec.decode(bytes);
            assertEquals(PageResponse.RESPONSE_FAILURE, answer.response().response());
        }
    }

    @Test
    void executeAndPrivilegeNeedThePrefix() {
        PageRequest request =
                new PageRequest(Pasid.NONE, 0, Access.READ | Access.PRIVILEGED, 0, true);
        assertThrows(
                IllegalArgumentException.class,
                () -> TlpCodec.encode(new Tlp.PageRequested(DEVICE, request)));
    }

    @Test
    void everyPacketComesBackAsItWas() throws Exception {
        Random random = new Random(42);
        for (int i = 0; i < 4_000; i++) {
            Tlp tlp = any(random);
            assertEquals(tlp, TlpCodec.decode(TlpCodec.encode(tlp)));
        }
    }

    private static Tlp any(Random random) {
        RequesterId one = new RequesterId(random.nextInt(1 << 16));
        RequesterId two = new RequesterId(random.nextInt(1 << 16));
        boolean tagged = random.nextBoolean();
        int pasid = tagged ? random.nextInt(1 << 20) : Pasid.NONE;
        long page = random.nextLong() >>> random.nextInt(60) & -4096L;
        return switch (random.nextInt(6)) {
            case 0 ->
                    new Tlp.TranslationRequest(
                            one,
                            random.nextInt(1024),
                            pasid,
                            tagged && random.nextBoolean(),
                            tagged && random.nextBoolean(),
                            random.nextBoolean(),
                            page,
                            1 + random.nextInt(512));
            case 1 -> {
                List<Long> entries = new ArrayList<>();
                for (int left = 1 + random.nextInt(random.nextInt(20) == 0 ? 512 : 8);
                        left > 0;
                        left--) {
                    entries.add(random.nextLong());
                }
                yield new Tlp.TranslationCompletion(
                        one,
                        two,
                        random.nextInt(1024),
                        CompletionStatus.SUCCESS,
                        8 * entries.size(),
                        entries);
            }
            case 2 -> {
                int shift = 12 + random.nextInt(53);
                long start = shift == 64 ? 0 : page & -(1L << shift);
                yield new Tlp.Invalidate(
                        one,
                        two,
                        new InvalidateRequest(
                                random.nextInt(32), pasid, start, shift, random.nextBoolean()));
            }
            case 3 ->
                    new Tlp.Invalidated(
                            one,
                            two,
                            new InvalidateCompletion(random.nextInt(), 1 + random.nextInt(8)));
            case 4 ->
                    new Tlp.PageRequested(
                            one,
                            new PageRequest(
                                    pasid,
                                    page,
                                    random.nextInt(16) & (tagged ? 15 : 3),
                                    random.nextInt(512),
                                    random.nextBoolean()));
            default ->
                    new Tlp.PageAnswered(
                            one,
                            two,
                            new PageGroupResponse(
                                    pasid,
                                    random.nextInt(512),
                                    PageResponse.values()[random.nextInt(3)]));
        };
    }

    @Test
    void hostileBytesGiveOneLine() {
        Random random = new Random(7);
        int malformed = 0;
        for (int i = 0; i < 10_000; i++) {
            byte[] bytes = random.nextBoolean() ? TlpCodec.encode(any(random)) : new byte[0];
            bytes = java.util.Arrays.copyOf(bytes, random.nextInt(Math.max(1, bytes.length) + 3));
            for (int flips = random.nextInt(4); flips > 0 && bytes.length > 0; flips--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            try {
                TlpCodec.decode(bytes);
            } catch (MalformedTlpException e) {
                malformed++;
                String message = String.valueOf(e.getMessage());
                assertFalse(message.isBlank() || message.contains("\n"), message);
            }
        }
        assertFalse(malformed < 2_000, "the bytes were not hostile");
    }
}
