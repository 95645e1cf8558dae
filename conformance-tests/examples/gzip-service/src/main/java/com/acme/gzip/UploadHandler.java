package com.acme.gzip;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;

import org.opensva.uacce.client.ContextPool;
import org.opensva.uacce.client.stream.AcceleratedGzipOutputStream;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Compresses what is uploaded, as it comes: block by block on the accelerator, memory does not grow
 * with the upload.
 */
final class UploadHandler implements HttpHandler {

    static final String ROUTE = "/gzip";

    private static final int OK = 200;
    private static final int NOT_FOUND = 404;
    private static final int WRONG_METHOD = 405;
    private static final int TOO_LARGE = 413;
    private static final int NO_DEVICE = 503;
    private static final int BUFFER = 1 << 16;

    private final ContextPool pool;
    private final long most;

    UploadHandler(ContextPool pool, long most) {
        this.pool = pool;
        this.most = most;
    }

    /** The client has gone; an accelerator cannot be to blame for what happens here. */
    private static final class UploadException extends IOException {
        private static final long serialVersionUID = 1L;

        UploadException(IOException cause) {
            super(cause);
        }
    }

    private static final class TooLargeException extends IOException {
        private static final long serialVersionUID = 1L;
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        if (!exchange.getRequestURI().getPath().equals(ROUTE)) {
            answer(exchange, NOT_FOUND, "there is only POST " + ROUTE);
            return;
        }
        if (!exchange.getRequestMethod().equals("POST")) {
            exchange.getResponseHeaders().set("Allow", "POST");
            answer(exchange, WRONG_METHOD, "POST what is to be compressed");
            return;
        }
        if (announced(exchange) > most) {
            answer(exchange, TOO_LARGE, "more than %d bytes".formatted(most));
            return;
        }
        Answer out = new Answer(exchange);
        try {
            compress(exchange.getRequestBody(), out);
        } catch (TooLargeException e) {
            refuse(exchange, out, TOO_LARGE, "more than %d bytes".formatted(most), e);
        } catch (UploadException e) {
            throw e;
        } catch (IOException e) {
            refuse(exchange, out, NO_DEVICE, "not compressed: " + e.getMessage(), e);
        }
    }

    /** What the caller says that will come; 0 if it does not say. */
    private static long announced(HttpExchange exchange) {
        String length = exchange.getRequestHeaders().getFirst("Content-Length");
        return length != null && length.matches("\\d{1,18}") ? Long.parseLong(length) : 0;
    }

    private void compress(InputStream upload, Answer out) throws IOException {
        try (AcceleratedGzipOutputStream gzip = new AcceleratedGzipOutputStream(out, pool)) {
            byte[] buffer = new byte[BUFFER];
            long total = 0;
            for (int n = read(upload, buffer); n >= 0; n = read(upload, buffer)) {
                total += n;
                if (total > most) {
                    throw new TooLargeException();
                }
                gzip.write(buffer, 0, n);
            }
            gzip.finish();
            out.finished = true;
        }
    }

    private static int read(InputStream upload, byte[] buffer) throws IOException {
        try {
            return upload.read(buffer);
        } catch (IOException e) {
            throw new UploadException(e);
        }
    }

    /** Says what is wrong, or breaks off an answer that has begun. */
    private static void refuse(
            HttpExchange exchange, Answer out, int status, String why, IOException cause)
            throws IOException {
        if (out.begun) {
            throw cause;
        }
        answer(exchange, status, why);
    }

    private static void answer(HttpExchange exchange, int status, String line) throws IOException {
        byte[] text = (line + "\n").getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
        boolean head = exchange.getRequestMethod().equals("HEAD");
        exchange.sendResponseHeaders(status, head ? -1 : text.length);
        if (!head) {
            exchange.getResponseBody().write(text);
        }
        exchange.close();
    }

    /** The body of the answer, whose headers go out with its first byte and not earlier. */
    private static final class Answer extends OutputStream {

        private final HttpExchange exchange;
        private boolean begun;
        private boolean finished;

        Answer(HttpExchange exchange) {
            this.exchange = exchange;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            if (!begun) {
                begun = true;
                exchange.getResponseHeaders().set("Content-Type", "application/gzip");
                exchange.sendResponseHeaders(OK, 0);
            }
            exchange.getResponseBody().write(bytes, offset, length);
        }

        @Override
        public void close() throws IOException {
            // The last chunk says that this was all. An answer that broke off has none.
            if (finished) {
                exchange.close();
            }
        }
    }
}
