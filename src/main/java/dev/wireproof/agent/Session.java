package dev.wireproof.agent;

import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.AgentMessageCodec;
import dev.wireproof.protocol.CloseCode;
import dev.wireproof.protocol.PingPayload;
import dev.wireproof.protocol.ServerMessage.AuthAck;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * One WebSocket from upgrade to end. Its reader answers Pings by itself and hands every text on; its writer is a thread
 * of its own. After {@link #close} or {@link #abort} no frame is handed on any more.
 */
final class Session {
    /** Texts read and not handled yet. When it is used up, the reader waits for the core. */
    private static final int UNHANDLED_BYTES = 4 * 1024 * 1024;

    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(2);
    private static final int NO_STATUS = 1005;

    /** Takes what arrives; must not block for long. Called by the reading thread, in order of arrival. */
    interface Receiver {
        void text(Session session, byte[] text);
    }

    /** @param code of the server's Close frame; null when it was this agent that ended it, or nobody said goodbye */
    record End(@Nullable Integer code, String reason) {

        /** As the next Auth tells it. */
        String told() {
            return code == null ? reason : (code + " " + reason).strip();
        }
    }

    private final Socket socket;
    private final FrameReader reader;
    private final FrameWriter writer;
    private final Outbox outbox;
    private final Thread writing;
    private final FrameCounters counters = new FrameCounters();
    private final Semaphore unhandled = new Semaphore(UNHANDLED_BYTES);
    private final long openedNanos = System.nanoTime();
    private volatile long lastReceivedNanos = openedNanos;
    private volatile long lastTextNanos = openedNanos;
    private volatile long lastPingNanos = openedNanos;
    private volatile @Nullable AuthAck authAck;
    private volatile long authenticatedNanos;
    private volatile @Nullable Duration retryAfter;
    private volatile boolean revoked;
    /** Why this side ended it; null while it has not. */
    private volatile @Nullable End ending;

    private volatile boolean givenUp;
    private volatile long endingNanos;

    Session(Socket socket, Deliveries deliveries) throws IOException {
        this.socket = socket;
        this.reader = new FrameReader(new BufferedInputStream(socket.getInputStream()));
        this.writer = new FrameWriter(socket.getOutputStream());
        this.outbox = new Outbox(deliveries);
        this.writing = Thread.ofPlatform().name("agent-writer").daemon().unstarted(this::writeAll);
    }

    void startWriting() {
        writing.start();
    }

    private void writeAll() {
        try {
            while (true) {
                Outbox.Item item = outbox.take();
                writer.write(item.opcode(), item.payload());
                counters.sent(item.opcode(), item.payload().length);
                if (item.opcode() == FrameWriter.CLOSE) {
                    return; // The server's answer ends the reader, or endOverdueClose does.
                }
            }
        } catch (IOException e) {
            abort("writing failed: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            abort("the writer was interrupted");
        } catch (RuntimeException e) {
            abort("the writer failed: " + e);
        }
    }

    /** Reads until the connection ends, however it does; leaves nothing open. */
    End readAll(Receiver receiver) {
        try {
            while (true) {
                FrameReader.Frame frame = reader.next();
                counters.received(frame.opcode(), frame.payload().length);
                lastReceivedNanos = System.nanoTime();
                if (frame.opcode() == FrameReader.Opcode.CLOSE) {
                    return closedByServer(frame.payload());
                }
                if (ending == null) {
                    handle(frame, receiver);
                }
            }
        } catch (FrameReader.Violation e) {
            close(e.code(), String.valueOf(e.getMessage()));
            return new End(null, "this agent refused a frame: " + e.getMessage());
        } catch (EOFException e) {
            return endingOr("the server closed the socket without a Close frame");
        } catch (IOException e) {
            return endingOr("reading failed: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return endingOr("the reader was interrupted");
        } finally {
            ending(new End(null, "ended"));
            finish();
        }
    }

    private void handle(FrameReader.Frame frame, Receiver receiver) throws InterruptedException {
        switch (frame.opcode()) {
            case PING -> {
                outbox.pong(frame.payload());
                lastPingNanos = lastReceivedNanos;
                PingPayload ping = PingPayload.read(ByteBuffer.wrap(frame.payload()));
                if (ping != null) {
                    counters.pingSeq(ping.counter());
                }
            }
            case TEXT -> {
                lastTextNanos = lastReceivedNanos;
                unhandled.acquire(weight(frame.payload()));
                receiver.text(this, frame.payload());
            }
            case PONG, CLOSE -> {}
        }
    }

    /** The core is done with a text. */
    void handled(byte[] text) {
        unhandled.release(weight(text));
    }

    /** A text costs some memory even when it is empty. */
    private static int weight(byte[] text) {
        return text.length + 1024;
    }

    private End closedByServer(byte[] payload) {
        End own = ending;
        outbox.close(payload.length >= 2 ? new byte[] {payload[0], payload[1]} : new byte[0]);
        if (own != null) {
            return own;
        }
        if (payload.length < 2) {
            return new End(NO_STATUS, "");
        }
        int code = (payload[0] & 0xFF) << 8 | (payload[1] & 0xFF);
        return new End(code, new String(payload, 2, payload.length - 2, StandardCharsets.UTF_8));
    }

    private End endingOr(String reason) {
        End own = ending;
        return own == null ? new End(null, reason) : own;
    }

    /** Lets a Close frame that is on its way leave, then frees the socket; that also ends a write that is stuck. */
    private void finish() {
        outbox.close(new byte[0]);
        try {
            writing.join(CLOSE_PATIENCE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        closeSocket();
    }

    /** Waits until the Close frame is written, but not for a peer that does not read. */
    void awaitGoodbye() throws InterruptedException {
        writing.join(CLOSE_PATIENCE);
    }

    /** Called now and then: a goodbye that nobody answers ends as well. */
    void endOverdueClose() {
        if (ending != null && System.nanoTime() - endingNanos > CLOSE_PATIENCE.toNanos()) {
            closeSocket();
        }
    }

    private void ending(End end) {
        if (ending == null) {
            endingNanos = System.nanoTime();
            ending = end;
        }
    }

    void send(AgentMessage message) {
        if (ending == null && !outbox.text(AgentMessageCodec.encode(message))) {
            abort("the server does not read");
        }
    }

    /** Says goodbye first; the reader ends soon after. */
    void close(CloseCode code, String reason) {
        givenUp = true;
        ending(new End(null, reason));
        byte[] text = reason.getBytes(StandardCharsets.UTF_8);
        int length = Math.min(text.length, 100);
        ByteBuffer payload = ByteBuffer.allocate(2 + length).putShort((short) code.code());
        // ASCII only, so that no character is cut in two.
        for (int i = 0; i < length; i++) {
            payload.put(text[i] >= ' ' ? text[i] : (byte) '?');
        }
        outbox.close(payload.array());
    }

    /** Ends it at once: the other end is not there, or does not take anything. */
    void abort(String reason) {
        ending(new End(null, reason));
        outbox.close(new byte[0]);
        closeSocket();
    }

    private void closeSocket() {
        try {
            socket.close();
        } catch (IOException e) {
            // Closed is closed.
        }
    }

    /** This agent said goodbye: no text of it is acted on any more. */
    boolean isGivenUp() {
        return givenUp;
    }

    boolean isOpen() {
        return ending == null;
    }

    void authenticated(AuthAck ack) {
        authenticatedNanos = System.nanoTime();
        authAck = ack;
        outbox.startDelivering();
    }

    @Nullable
    AuthAck authAck() {
        return authAck;
    }

    void rejected(Duration notBefore, boolean forGood) {
        retryAfter = notBefore;
        revoked = forGood;
    }

    @Nullable
    Duration retryAfter() {
        return retryAfter;
    }

    boolean isRevoked() {
        return revoked;
    }

    /** Since AuthAck; zero when there was none. */
    Duration connectedFor() {
        return authAck == null ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - authenticatedNanos);
    }

    long openedNanos() {
        return openedNanos;
    }

    long lastPingNanos() {
        return lastPingNanos;
    }

    long lastReceivedNanos() {
        return lastReceivedNanos;
    }

    long lastTextNanos() {
        return lastTextNanos;
    }

    FrameCounters counters() {
        return counters;
    }

    Outbox outbox() {
        return outbox;
    }
}
