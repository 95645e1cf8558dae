package org.opensva.ats.message;

import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.Access;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The bytes of a {@link Tlp}, in the order in which they travel: prefix, header, data; no digest.
 *
 * <p>Layout of PCI Express Base 6.x sections 2.2.1 (header), 2.2.8 (messages), 6.20 (PASID prefix)
 * and 10.2 to 10.4, non-flit mode. What else, apart from that text, says where a field stands:
 *
 * <ul>
 *   <li>Headers of memory reads and completions, Address Type, formats, types and codes of the
 *       messages: cocotbext-pcie ({@code tlp.py}), which has neither the messages' layout, nor the
 *       PASID prefix, nor tag bits 9:8.
 *   <li>Bodies of the four messages: the RISC-V IOMMU specification's model ({@code iommu_ats.c}),
 *       as payloads without headers; that of the page request also Linux ({@code
 *       drivers/iommu/intel/prq.c}).
 *   <li>The PASID prefix: one source, an FPGA exerciser for Arm's system architecture tests ({@code
 *       PASIDPrefixInjector}: 0x91, privileged 21, execute 20, PASID 19:0).
 *   <li>No Write in bit 0 of the last address word, and tag bits 9:8: no second source. The tests
 *       pin them to the specification's figures as they are understood here.
 * </ul>
 *
 * <p>Reserved bits are sent as 0 and ignored when received. Traffic class, attributes and hints are
 * sent as 0.
 */
public final class TlpCodec {

    /** First byte of a PASID prefix: format 100, type 1 0001. */
    private static final int PASID_PREFIX = 0x91;

    private static final int PREFIX_PRIVILEGED = 1 << 21;
    private static final int PREFIX_EXECUTE = 1 << 20;

    /** First bytes of headers: format in 7:5, type in 4:0. */
    private static final int MEMORY_READ_32 = 0x00;

    private static final int MEMORY_READ_64 = 0x20;
    private static final int COMPLETION = 0x0a;
    private static final int COMPLETION_WITH_DATA = 0x4a;
    private static final int MESSAGE_TO_ROOT = 0x30;
    private static final int MESSAGE_BY_ID = 0x32;
    private static final int MESSAGE_BY_ID_WITH_DATA = 0x72;

    /** Message codes. */
    private static final int INVALIDATE_REQUEST = 0x01;

    private static final int INVALIDATE_COMPLETION = 0x02;
    private static final int PAGE_REQUEST = 0x04;
    private static final int PAGE_GROUP_RESPONSE = 0x05;

    /** Address type, bits 11:10 of the first header word. */
    private static final int TRANSLATION_REQUEST = 1 << 10;

    private static final int ADDRESS_TYPE = 3 << 10;
    private static final int LENGTH = (1 << 10) - 1;

    private static final long ADDRESS = -1L << 12;
    private static final long SIZE = 1 << 11;

    private TlpCodec() {}

    /**
     * Writes a packet.
     *
     * @param tlp a packet
     * @return its bytes
     */
    public static byte[] encode(Tlp tlp) {
        ByteBuffer out = ByteBuffer.allocate(20 + 4096);
        switch (tlp) {
            case Tlp.TranslationRequest request -> put(out, request);
            case Tlp.TranslationCompletion completion -> put(out, completion);
            case Tlp.Invalidate invalidate -> put(out, invalidate);
            case Tlp.Invalidated invalidated -> put(out, invalidated);
            case Tlp.PageRequested requested -> put(out, requested);
            case Tlp.PageAnswered answered -> put(out, answered);
        }
        byte[] bytes = new byte[out.position()];
        out.get(0, bytes);
        return bytes;
    }

    private static void put(ByteBuffer out, Tlp.TranslationRequest request) {
        putPrefix(out, request.pasid(), request.execute(), request.privileged());
        boolean wide = request.address() >>> 32 != 0;
        int length = 2 * request.entries() & LENGTH;
        out.putInt(
                (wide ? MEMORY_READ_64 : MEMORY_READ_32) << 24
                        | tagHigh(request.tag())
                        | TRANSLATION_REQUEST
                        | length);
        // All bytes of all words are wanted: byte enables are ones.
        out.putInt(request.requester().value() << 16 | (request.tag() & 0xff) << 8 | 0xff);
        if (wide) {
            out.putInt((int) (request.address() >>> 32));
        }
        out.putInt((int) request.address() | (request.noWrite() ? 1 : 0));
    }

    private static void put(ByteBuffer out, Tlp.TranslationCompletion completion) {
        int length = 2 * completion.entries().size();
        int type = length == 0 ? COMPLETION : COMPLETION_WITH_DATA;
        out.putInt(type << 24 | tagHigh(completion.tag()) | (length & LENGTH));
        out.putInt(
                completion.completer().value() << 16
                        | completion.status().code() << 13
                        | (completion.byteCount() & 0xfff));
        out.putInt(completion.requester().value() << 16 | (completion.tag() & 0xff) << 8);
        for (long entry : completion.entries()) {
            out.putLong(entry);
        }
    }

    private static void put(ByteBuffer out, Tlp.Invalidate invalidate) {
        InvalidateRequest request = invalidate.request();
        putPrefix(out, request.pasid(), false, false);
        out.putInt(MESSAGE_BY_ID_WITH_DATA << 24 | 2);
        out.putInt(invalidate.sender().value() << 16 | request.itag() << 8 | INVALIDATE_REQUEST);
        out.putInt(invalidate.device().value() << 16);
        out.putInt(0);
        out.putLong(range(request) | (request.global() ? 1 : 0));
    }

    /** A range of 2<sup>n</sup> bytes has bits n-2..12 set and bit n-1 clear, as translations. */
    private static long range(InvalidateRequest request) {
        int shift = request.sizeShift();
        if (shift == 12) {
            return request.address() & ADDRESS;
        }
        long base = shift == 64 ? 0 : request.address() & -(1L << shift);
        return base | ((1L << (shift - 1)) - (1L << 12)) | SIZE;
    }

    private static void put(ByteBuffer out, Tlp.Invalidated invalidated) {
        InvalidateCompletion completion = invalidated.completion();
        out.putInt(MESSAGE_BY_ID << 24);
        out.putInt(invalidated.device().value() << 16 | INVALIDATE_COMPLETION);
        out.putInt(invalidated.agent().value() << 16 | (completion.completionCount() & 7));
        out.putInt(completion.itagVector());
    }

    private static void put(ByteBuffer out, Tlp.PageRequested requested) {
        PageRequest request = requested.request();
        int access = request.access();
        putPrefix(
                out,
                request.pasid(),
                (access & Access.EXECUTE) != 0,
                (access & Access.PRIVILEGED) != 0);
        out.putInt(MESSAGE_TO_ROOT << 24);
        out.putInt(requested.device().value() << 16 | PAGE_REQUEST);
        // R and W have the places of READ and WRITE.
        out.putLong(
                (request.address() & ADDRESS)
                        | (long) request.groupIndex() << 3
                        | (request.last() ? 1 << 2 : 0)
                        | (access & (Access.READ | Access.WRITE)));
    }

    private static void put(ByteBuffer out, Tlp.PageAnswered answered) {
        PageGroupResponse response = answered.response();
        putPrefix(out, response.pasid(), false, false);
        out.putInt(MESSAGE_BY_ID << 24);
        out.putInt(answered.sender().value() << 16 | PAGE_GROUP_RESPONSE);
        out.putInt(
                answered.device().value() << 16
                        | response.response().code() << 12
                        | (response.groupIndex() & 0x1ff));
        out.putInt(0);
    }

    private static void putPrefix(ByteBuffer out, int pasid, boolean execute, boolean privileged) {
        if (pasid == Pasid.NONE) {
            if (execute || privileged) {
                throw new IllegalArgumentException(
                        "execute and privileged travel in the PASID prefix, and there is none");
            }
            return;
        }
        out.putInt(
                PASID_PREFIX << 24
                        | (privileged ? PREFIX_PRIVILEGED : 0)
                        | (execute ? PREFIX_EXECUTE : 0)
                        | (pasid & Pasid.MAX));
    }

    /** Tag bits 8 and 9 stand in bits 19 and 23 of the first header word. */
    private static int tagHigh(int tag) {
        return (tag & 1 << 8) << 11 | (tag & 1 << 9) << 14;
    }

    private static int tag(int first, int low) {
        return (first >>> 11 & 1 << 8) | (first >>> 14 & 1 << 9) | (low & 0xff);
    }

    /**
     * Reads a packet.
     *
     * @param bytes all of its bytes and nothing else
     * @return the packet
     * @throws MalformedTlpException if the bytes are no packet of address translation services
     */
    public static Tlp decode(byte[] bytes) throws MalformedTlpException {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        try {
            Tlp tlp = read(in);
            if (in.hasRemaining()) {
                throw new MalformedTlpException(in.remaining() + " bytes follow the packet");
            }
            return tlp;
        } catch (BufferUnderflowException e) {
            throw new MalformedTlpException("the packet ends after " + bytes.length + " bytes");
        } catch (IllegalArgumentException e) {
            throw new MalformedTlpException(String.valueOf(e.getMessage()));
        }
    }

    private static Tlp read(ByteBuffer in) throws MalformedTlpException {
        int pasid = Pasid.NONE;
        int access = 0;
        int first = in.getInt();
        if (first >>> 24 == PASID_PREFIX) {
            pasid = first & Pasid.MAX;
            access |= (first & PREFIX_EXECUTE) != 0 ? Access.EXECUTE : 0;
            access |= (first & PREFIX_PRIVILEGED) != 0 ? Access.PRIVILEGED : 0;
            first = in.getInt();
        }
        return switch (first >>> 24) {
            case MEMORY_READ_32, MEMORY_READ_64 -> readTranslationRequest(in, first, pasid, access);
            case COMPLETION, COMPLETION_WITH_DATA -> readCompletion(in, first);
            case MESSAGE_TO_ROOT, MESSAGE_BY_ID, MESSAGE_BY_ID_WITH_DATA ->
                    readMessage(in, first, pasid, access);
            default ->
                    throw new MalformedTlpException(
                            "format and type 0x%02x are not of these services"
                                    .formatted(first >>> 24));
        };
    }

    private static Tlp readTranslationRequest(ByteBuffer in, int first, int pasid, int access)
            throws MalformedTlpException {
        if ((first & ADDRESS_TYPE) != TRANSLATION_REQUEST) {
            throw new MalformedTlpException("a memory read that is no translation request");
        }
        int words = (first & LENGTH) == 0 ? 1024 : first & LENGTH;
        if ((words & 1) != 0) {
            throw new MalformedTlpException("a translation request for " + words + " words");
        }
        int second = in.getInt();
        long high = first >>> 24 == MEMORY_READ_64 ? (long) in.getInt() << 32 : 0;
        int low = in.getInt();
        return new Tlp.TranslationRequest(
                new RequesterId(second >>> 16),
                tag(first, second >>> 8),
                pasid,
                (access & Access.EXECUTE) != 0,
                (access & Access.PRIVILEGED) != 0,
                (low & 1) != 0,
                high | (low & 0xfffff000L),
                words / 2);
    }

    private static Tlp readCompletion(ByteBuffer in, int first) throws MalformedTlpException {
        int second = in.getInt();
        int third = in.getInt();
        int words = 0;
        if (first >>> 24 == COMPLETION_WITH_DATA) {
            words = (first & LENGTH) == 0 ? 1024 : first & LENGTH;
        }
        if ((words & 1) != 0) {
            throw new MalformedTlpException("a translation completion of " + words + " words");
        }
        List<Long> entries = new ArrayList<>();
        for (int i = 0; i < words / 2; i++) {
            entries.add(in.getLong());
        }
        int count = second & 0xfff;
        return new Tlp.TranslationCompletion(
                new RequesterId(second >>> 16),
                new RequesterId(third >>> 16),
                tag(first, third >>> 8),
                status(second >>> 13 & 7),
                count == 0 ? 4096 : count,
                entries);
    }

    private static CompletionStatus status(int code) throws MalformedTlpException {
        for (CompletionStatus status : CompletionStatus.values()) {
            if (status.code() == code) {
                return status;
            }
        }
        throw new MalformedTlpException("completion status " + code);
    }

    private static Tlp readMessage(ByteBuffer in, int first, int pasid, int access)
            throws MalformedTlpException {
        int second = in.getInt();
        RequesterId sender = new RequesterId(second >>> 16);
        int code = second & 0xff;
        int expected =
                switch (code) {
                    case INVALIDATE_REQUEST -> MESSAGE_BY_ID_WITH_DATA;
                    case INVALIDATE_COMPLETION, PAGE_GROUP_RESPONSE -> MESSAGE_BY_ID;
                    case PAGE_REQUEST -> MESSAGE_TO_ROOT;
                    default ->
                            throw new MalformedTlpException(
                                    "message code 0x%02x is not of these services".formatted(code));
                };
        if (first >>> 24 != expected) {
            throw new MalformedTlpException(
                    "message code 0x%02x with format and type 0x%02x"
                            .formatted(code, first >>> 24));
        }
        long body = in.getLong();
        RequesterId target = new RequesterId((int) (body >>> 48));
        return switch (code) {
            case INVALIDATE_REQUEST -> {
                if ((first & LENGTH) != 2) {
                    throw new MalformedTlpException(
                            "an invalidate request of " + (first & LENGTH) + " words");
                }
                yield new Tlp.Invalidate(
                        sender, target, readRange(second >>> 8 & 31, pasid, in.getLong()));
            }
            case INVALIDATE_COMPLETION -> {
                int count = (int) (body >>> 32) & 7;
                yield new Tlp.Invalidated(
                        sender,
                        target,
                        new InvalidateCompletion((int) body, count == 0 ? 8 : count));
            }
            case PAGE_GROUP_RESPONSE ->
                    new Tlp.PageAnswered(
                            sender,
                            target,
                            new PageGroupResponse(
                                    pasid,
                                    (int) (body >>> 32) & 0x1ff,
                                    PageResponse.ofCode((int) (body >>> 44) & 15)));
            default ->
                    new Tlp.PageRequested(
                            sender,
                            new PageRequest(
                                    pasid,
                                    body & ADDRESS,
                                    access | (int) body & (Access.READ | Access.WRITE),
                                    (int) (body >>> 3) & 0x1ff,
                                    (body & 1 << 2) != 0));
        };
    }

    private static InvalidateRequest readRange(int itag, int pasid, long payload) {
        boolean global = (payload & 1) != 0;
        if ((payload & SIZE) == 0) {
            return new InvalidateRequest(itag, pasid, payload & ADDRESS, 12, global);
        }
        int shift = Math.min(64, Long.numberOfTrailingZeros(~(payload >> 12)) + 13);
        long address = shift == 64 ? 0 : payload & -(1L << shift);
        return new InvalidateRequest(itag, pasid, address, shift, global);
    }
}
