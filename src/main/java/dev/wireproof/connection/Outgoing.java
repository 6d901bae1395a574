package dev.wireproof.connection;

import dev.wireproof.id.CommandId;
import dev.wireproof.telemetry.FrameRecord;
import dev.wireproof.telemetry.Opcode;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A frame on its way out. The writer alone changes it, one thread at a time. */
final class Outgoing {
    final Opcode opcode;
    final long seq;
    final long enqueuedNs;
    final @Nullable OutboundText text;
    final SendObserver observer;
    final byte[] payload;
    final int closeCode;
    final String closeReason;

    /** Of a Ping its counter; of a fenced text, once it is being written, that of its fence. */
    long pingCounter = FrameRecord.NONE;

    long pingNonce;
    long startedNs = FrameRecord.NONE;

    /** Stands for a Close without payload (RFC 6455 §7.1.5). */
    static final int NO_CODE = 1005;

    private static final byte[] NOTHING = {};

    private Outgoing(
            Opcode opcode,
            long seq,
            long enqueuedNs,
            @Nullable OutboundText text,
            SendObserver observer,
            byte[] payload,
            int closeCode,
            String closeReason) {
        this.opcode = opcode;
        this.seq = seq;
        this.enqueuedNs = enqueuedNs;
        this.text = text;
        this.observer = observer;
        this.payload = payload;
        this.closeCode = closeCode;
        this.closeReason = closeReason;
    }

    static Outgoing text(long seq, long nowNs, OutboundText text, SendObserver observer) {
        return new Outgoing(Opcode.TEXT, seq, nowNs, text, observer, NOTHING, 0, "");
    }

    /** @param observer of the text that it fences */
    static Outgoing ping(long seq, long nowNs, SendObserver observer) {
        return new Outgoing(Opcode.PING, seq, nowNs, null, observer, NOTHING, 0, "");
    }

    static Outgoing pong(long seq, long nowNs, byte[] payload) {
        return new Outgoing(Opcode.PONG, seq, nowNs, null, SendObserver.NONE, payload, 0, "");
    }

    static Outgoing close(long seq, long nowNs, int code, String reason) {
        return new Outgoing(Opcode.CLOSE, seq, nowNs, null, SendObserver.NONE, NOTHING, code, reason);
    }

    boolean fenced() {
        return text != null && text.fenced();
    }

    /** Length of the payload on the wire. */
    int bytes() {
        return switch (opcode) {
            case TEXT, BINARY -> text == null ? 0 : text.bytes();
            case PING -> 16;
            case PONG -> payload.length;
            case CLOSE -> closeCode == NO_CODE ? 0 : 2 + closeReason.getBytes(StandardCharsets.UTF_8).length;
        };
    }

    private @Nullable CommandId commandId() {
        return text == null ? null : text.commandId();
    }

    FrameRecord record(long writtenNs, @Nullable String error) {
        return FrameRecord.sent(
                seq,
                opcode,
                text == null ? null : text.type(),
                commandId(),
                bytes(),
                pingCounter,
                enqueuedNs,
                startedNs,
                writtenNs,
                error,
                text == null ? null : text.sha256());
    }
}
