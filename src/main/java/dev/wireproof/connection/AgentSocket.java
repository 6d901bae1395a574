package dev.wireproof.connection;

import dev.wireproof.kernel.SocketAddresses;
import dev.wireproof.protocol.CloseCode;
import dev.wireproof.protocol.PingPayload;
import dev.wireproof.protocol.ProtocolLimits;
import dev.wireproof.telemetry.Opcode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.core.CloseStatus;
import org.eclipse.jetty.websocket.core.CoreSession;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.FrameHandler;
import org.eclipse.jetty.websocket.core.OpCode;
import org.eclipse.jetty.websocket.core.exception.CloseException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Between Jetty's WebSocket core and a {@link Connection}: puts messages together from frames, and writes one frame at a time. Jetty
 * checks framing and answers what is broken with 1002; sizes, UTF-8 and everything above are checked here.
 *
 * <p>Nothing is batched: with Jetty's batch mode a write is called complete before its bytes have left.
 */
final class AgentSocket implements FrameHandler, Connection.Socket {
    private static final Logger log = LoggerFactory.getLogger(AgentSocket.class);
    private static final byte[] NOTHING = {};

    private final Switchboard board;
    private final Inbox inbox;
    private final Callback written = new Written();
    private Connection.@Nullable Peer peer; // until the socket is open
    private @Nullable CoreSession session;
    private @Nullable Connection connection;
    private byte[] message = NOTHING; // of the reading thread: the fragments so far
    private int messageBytes;
    private @Nullable Throwable fault;
    private final AtomicReference<@Nullable Callback> unansweredClose = new AtomicReference<>();
    private volatile boolean closeHandedOver;

    AgentSocket(Switchboard board, Inbox inbox, Connection.Peer peer) {
        this.board = board;
        this.inbox = inbox;
        this.peer = peer;
    }

    private Connection connection() {
        return Objects.requireNonNull(connection, "opened");
    }

    private CoreSession session() {
        return Objects.requireNonNull(session, "opened");
    }

    @Override
    public void onOpen(CoreSession opened, Callback callback) {
        session = opened;
        connection = board.open(Objects.requireNonNull(peer), this);
        peer = null;
        callback.succeeded();
        opened.demand();
    }

    @Override
    public void onFrame(Frame frame, Callback callback) {
        if (frame.getOpCode() == OpCode.CLOSE) {
            closed(frame, callback);
            return;
        }
        boolean readOn = true;
        try {
            readOn = take(frame);
        } catch (RuntimeException e) {
            log.atError()
                    .addKeyValue("connection", connection().connectionId())
                    .setCause(e)
                    .log("connection.frame_failed");
            connection().violated(CloseCode.OVERLOADED, "the server failed on this frame");
        }
        callback.succeeded();
        if (readOn) {
            session().demand();
        }
    }

    /** @return whether the next frame is wanted at once */
    private boolean take(Frame frame) {
        return switch (frame.getOpCode()) {
            case OpCode.TEXT, OpCode.CONTINUATION -> text(frame);
            case OpCode.PING -> {
                Arrivals.ping(connection(), bytes(frame.getPayload()));
                yield true;
            }
            case OpCode.PONG -> {
                pong(frame.getPayload());
                yield true;
            }
            default -> {
                Arrivals.binary(connection(), frame.getPayloadLength());
                yield true;
            }
        };
    }

    /**
     * Jetty answers a Close by itself when its callback is done. The answer is ours to send, through the queue that records what is sent,
     * so the callback waits for it.
     */
    private void closed(Frame frame, Callback callback) {
        unansweredClose.set(callback);
        CloseStatus status = CloseStatus.getCloseStatus(frame);
        String reason = status.getReason() == null ? "" : Printable.shown(status.getReason(), 123);
        Arrivals.close(connection(), status.getCode(), reason, frame.getPayloadLength());
        if (closeHandedOver) {
            closeAnswered();
        }
    }

    private void closeAnswered() {
        Callback waiting = unansweredClose.getAndSet(null);
        if (waiting != null) {
            waiting.succeeded();
        }
    }

    private boolean text(Frame frame) {
        connection().heard();
        if (connection().deaf()) {
            Arrivals.discarded(connection(), frame.getPayloadLength());
            message = NOTHING;
            messageBytes = 0;
            return true;
        }
        int limit = connection().identity() == null
                ? ProtocolLimits.UNAUTHENTICATED_MESSAGE_BYTES
                : ProtocolLimits.AGENT_MESSAGE_BYTES;
        if (messageBytes + frame.getPayloadLength() > limit) {
            Arrivals.tooBig(connection(), messageBytes + frame.getPayloadLength(), limit);
            message = NOTHING;
            messageBytes = 0;
            return true;
        }
        append(frame.getPayload());
        if (!frame.isFin()) {
            return true;
        }
        byte[] whole = message.length == messageBytes ? message : Arrays.copyOf(message, messageBytes);
        message = NOTHING;
        messageBytes = 0;
        return inbox.received(connection(), whole);
    }

    private void append(@Nullable ByteBuffer payload) {
        if (payload == null) {
            return;
        }
        int more = payload.remaining();
        if (messageBytes == 0) {
            message = bytes(payload);
        } else {
            if (message.length < messageBytes + more) {
                message = Arrays.copyOf(message, Math.max(messageBytes + more, message.length * 2));
            }
            payload.duplicate().get(message, messageBytes, more);
        }
        messageBytes += more;
    }

    private void pong(@Nullable ByteBuffer payload) {
        int length = payload == null ? 0 : payload.remaining();
        PingPayload echoed = payload == null ? null : PingPayload.read(payload);
        Arrivals.pong(
                connection(), length, echoed == null ? -1 : echoed.counter(), echoed == null ? 0 : echoed.nonce());
    }

    private static byte[] bytes(@Nullable ByteBuffer payload) {
        if (payload == null) {
            return NOTHING;
        }
        byte[] copy = new byte[payload.remaining()];
        payload.duplicate().get(copy);
        return copy;
    }

    @Override
    public void onError(Throwable cause, Callback callback) {
        fault = cause;
        callback.succeeded();
    }

    @Override
    public void onClosed(CloseStatus status, Callback callback) {
        callback.succeeded(); // completes the write of our Close, if that is what ended it
        closeAnswered();
        Connection ended = connection;
        if (ended != null) {
            if (fault instanceof CloseException broken && ended.course().ending() == null) {
                Arrivals.broken(ended, broken.getStatusCode(), reason(status));
            }
            boolean none = status.getCode() == CloseStatus.NO_CLOSE;
            ended.ended(none ? null : status.getCode(), reason(status));
        }
    }

    private String reason(CloseStatus status) {
        if (status.getCode() == CloseStatus.NO_CLOSE) {
            return "the socket ended without a Close";
        }
        Throwable cause = fault == null ? status.getCause() : fault;
        String text = cause != null && cause.getMessage() != null ? cause.getMessage() : status.getReason();
        return Printable.shown(text == null || text.isEmpty() ? "closed" : text, 123);
    }

    // ---- Connection.Socket

    @Override
    public void write(Outgoing frame) {
        try {
            session().sendFrame(toWire(frame), written, false);
            if (frame.opcode == Opcode.CLOSE) {
                closeHandedOver = true;
                closeAnswered();
            }
        } catch (RuntimeException e) {
            connection().outbox().completed(e);
        }
    }

    private static Frame toWire(Outgoing frame) {
        return switch (frame.opcode) {
            case TEXT, BINARY ->
                new Frame(
                        OpCode.TEXT,
                        ByteBuffer.wrap(
                                Objects.requireNonNull(frame.text).json().getBytes(StandardCharsets.UTF_8)));
            case PING -> new Frame(OpCode.PING, new PingPayload(frame.pingCounter, frame.pingNonce).toBuffer());
            case PONG -> new Frame(OpCode.PONG, ByteBuffer.wrap(frame.payload));
            case CLOSE -> new PatientClose(frame.closeCode, frame.closeReason);
        };
    }

    @Override
    public void demand() {
        session().demand();
    }

    @Override
    public Optional<SocketAddresses> addresses() {
        return SocketAddresses.of(session().getLocalAddress(), session().getRemoteAddress());
    }

    @Override
    public void abort() {
        session().abort();
    }

    private final class Written implements Callback {
        @Override
        public void succeeded() {
            connection().outbox().completed(null);
        }

        @Override
        public void failed(Throwable cause) {
            connection().outbox().completed(cause);
        }

        @Override
        public InvocationType getInvocationType() {
            return InvocationType.NON_BLOCKING;
        }
    }

    /**
     * A Close after which the socket waits for the answer. Jetty drops the socket as soon as a Close with a code like 1009 or 1013 is
     * written; with input still unread the kernel then sends a reset, and the peer may never read why it was closed. Jetty decides by
     * the status that this frame tells, so this one tells a harmless one. The bytes on the wire are those of the true code.
     */
    private static final class PatientClose extends Frame implements CloseStatus.Supplier {
        private static final CloseStatus HARMLESS = new CloseStatus(CloseStatus.NORMAL);

        PatientClose(int code, String reason) {
            super(
                    OpCode.CLOSE,
                    code == Outgoing.NO_CODE ? ByteBuffer.allocate(0) : CloseStatus.asPayloadBuffer(code, reason));
        }

        @Override
        public CloseStatus getCloseStatus() {
            return HARMLESS;
        }
    }
}
