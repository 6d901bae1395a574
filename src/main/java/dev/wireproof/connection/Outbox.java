package dev.wireproof.connection;

import dev.wireproof.telemetry.FrameRecord;
import dev.wireproof.telemetry.Opcode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The one way out of a connection: a bounded queue, and a writer that has at most one frame in flight and starts the next when the
 * transport says that the last one is done. Whoever offers never waits.
 *
 * <p>Order: a fence directly behind its text; then Close, Pong and Ping before any queued text. Of Pings and Pongs that wait there is
 * at most one each (RFC 6455 §5.5.3 lets a later Ping's answer stand for earlier ones), so no peer can make this grow.
 *
 * <p>The lock guards fields only: observers, the record and the transport are called outside it. A transport that completes at once
 * does not recurse: the thread that pumps sees the free slot and goes on.
 */
final class Outbox {
    static final int MAX_FRAMES = 256;
    static final long MAX_BYTES = 4L * 1024 * 1024;

    /** Writes one frame and then calls {@link #completed}, on any thread, once. */
    interface Wire {
        void write(Outgoing frame);
    }

    /** The connection, as its writer sees it. None of these may block. */
    interface Owner {
        long nowNs();

        long nextSeq();

        /** The number of the next Ping on this connection. */
        long nextPingCounter();

        /** A Ping is about to be written: gives its nonce, and keeps what its Pong will prove. */
        long pingStarts(long counter, long startedNs, SendObserver fenceOf);

        /** A frame about which nothing more will become known. */
        void finished(Outgoing frame, long writtenNs, @Nullable String error);

        /** A write failed: the socket is of no more use. */
        void writeBroken(String error);

        /** An observer threw: its own fault, and no reason to end a connection. */
        void observerFailed(RuntimeException fault);
    }

    private static final long NONE = FrameRecord.NONE;

    private final Owner owner;
    private final Wire wire;

    // guarded by this, all of them
    private @Nullable ArrayDeque<Outgoing> texts;
    private long textBytes;
    private @Nullable Outgoing fence;
    private @Nullable Outgoing ping;
    private @Nullable Outgoing pong;
    private @Nullable Outgoing close;
    private boolean closeAfterTexts;
    private boolean closeStarted;
    private boolean peerClosed;
    private boolean ended;
    private boolean pumping;
    private boolean corked;
    private @Nullable Outgoing inFlight;

    Outbox(Owner owner, Wire wire) {
        this.owner = owner;
        this.wire = wire;
    }

    SendOutcome offer(OutboundText text, SendObserver observer) {
        long now;
        synchronized (this) {
            if (ended || peerClosed || close != null || closeStarted) {
                return new SendOutcome.Closed();
            }
            int frames = texts == null ? 0 : texts.size();
            if (frames >= MAX_FRAMES || (textBytes + text.bytes() > MAX_BYTES && frames > 0)) {
                return new SendOutcome.QueueFull(frames, textBytes);
            }
            now = owner.nowNs();
            if (texts == null) {
                texts = new ArrayDeque<>(4);
            }
            texts.add(Outgoing.text(owner.nextSeq(), now, text, observer));
            textBytes += text.bytes();
        }
        pump();
        return new SendOutcome.Enqueued(now);
    }

    /** Keeps texts back until {@link #uncork}: they are accepted, and none is started. */
    synchronized void cork() {
        corked = true;
    }

    void uncork() {
        synchronized (this) {
            corked = false;
        }
        pump();
    }

    /** Asks for a Ping; one that still waits is enough. */
    void ping() {
        synchronized (this) {
            if (ended || closeStarted || peerClosed || ping != null) {
                return;
            }
            ping = Outgoing.ping(owner.nextSeq(), owner.nowNs(), SendObserver.NONE);
        }
        pump();
    }

    /** Answers the peer's Ping; an answer that still waits is replaced, and its place in the record passes on. */
    void pong(byte[] payload) {
        synchronized (this) {
            if (ended || closeStarted || peerClosed) {
                return;
            }
            pong = Outgoing.pong(pong == null ? owner.nextSeq() : pong.seq, owner.nowNs(), payload);
        }
        pump();
    }

    /**
     * Sends a Close and takes no more texts. The first one stands.
     *
     * @param afterTexts whether the texts that wait go first; otherwise they never will
     */
    void close(int code, String reason, boolean afterTexts) {
        List<Outgoing> dropped;
        synchronized (this) {
            if (ended || peerClosed || close != null || closeStarted) {
                return;
            }
            close = Outgoing.close(owner.nextSeq(), owner.nowNs(), code, reason);
            closeAfterTexts = afterTexts;
            dropped = afterTexts ? List.of() : takeTexts();
        }
        neverWritten(dropped);
        pump();
    }

    /** The peer closed: nothing more is started but the Close that answers it, which may be one of ours that waits. */
    void answerClose(int code) {
        List<Outgoing> dropped;
        synchronized (this) {
            if (ended || peerClosed) {
                return;
            }
            peerClosed = true;
            closeAfterTexts = false;
            dropped = takeAllBut(close);
            if (close == null && !closeStarted) {
                close = Outgoing.close(owner.nextSeq(), owner.nowNs(), code, "");
            }
        }
        neverWritten(dropped);
        pump();
    }

    /** The socket is gone, or of no more use: nothing more will be written but what is in flight. */
    void end() {
        List<Outgoing> dropped;
        synchronized (this) {
            if (ended) {
                return;
            }
            ended = true;
            dropped = takeAllBut(null);
            close = null;
        }
        neverWritten(dropped);
    }

    // guarded by this
    private List<Outgoing> takeAllBut(@Nullable Outgoing kept) {
        List<Outgoing> taken = takeTexts();
        for (Outgoing frame : new Outgoing[] {fence, pong, ping, close}) {
            if (frame != null && frame != kept) {
                taken.add(frame);
            }
        }
        fence = null;
        pong = null;
        ping = null;
        return taken;
    }

    // guarded by this
    private List<Outgoing> takeTexts() {
        List<Outgoing> taken = texts == null ? new ArrayList<>() : new ArrayList<>(texts);
        texts = null;
        textBytes = 0;
        return taken;
    }

    private void neverWritten(List<Outgoing> frames) {
        long now = owner.nowNs();
        for (Outgoing frame : frames) {
            owner.finished(frame, NONE, "never written: the connection ended");
            if (frame.opcode == Opcode.TEXT) {
                tell(() -> frame.observer.neverWritten(now));
            }
        }
    }

    private void pump() {
        synchronized (this) {
            if (pumping) {
                return;
            }
            pumping = true;
        }
        while (true) {
            Outgoing next;
            synchronized (this) {
                next = inFlight == null && !ended ? pick() : null;
                if (next == null) {
                    pumping = false;
                    return;
                }
                inFlight = next;
            }
            start(next);
            wire.write(next);
        }
    }

    // guarded by this
    private @Nullable Outgoing pick() {
        Outgoing next = fence;
        if (next != null) {
            fence = null;
            return next;
        }
        if (closeStarted) {
            return null;
        }
        if (close != null && !(closeAfterTexts && texts != null)) {
            next = close;
            close = null;
            closeStarted = true;
            return next;
        }
        if (pong != null) {
            next = pong;
            pong = null;
            return next;
        }
        if (ping != null) {
            next = ping;
            ping = null;
            return next;
        }
        if (texts == null || corked) {
            return null;
        }
        next = texts.poll();
        if (next != null) {
            textBytes -= next.bytes();
        }
        if (texts.isEmpty()) {
            texts = null; // an idle connection keeps no queue
        }
        return next;
    }

    private void start(Outgoing frame) {
        frame.startedNs = owner.nowNs();
        if (frame.opcode == Opcode.PING) {
            if (frame.pingCounter == NONE) {
                frame.pingCounter = owner.nextPingCounter();
            }
            frame.pingNonce = owner.pingStarts(frame.pingCounter, frame.startedNs, frame.observer);
        } else if (frame.opcode == Opcode.TEXT) {
            tell(() -> frame.observer.writeStarted(frame.startedNs));
            if (frame.fenced()) {
                // Nothing goes between a text and its fence, so this is the number of the very next Ping.
                frame.pingCounter = owner.nextPingCounter();
                tell(() -> frame.observer.fenced(frame.pingCounter));
            }
        }
    }

    /** The transport is done with the frame in flight. @param error null when the kernel has all its bytes */
    void completed(@Nullable Throwable error) {
        Outgoing done;
        synchronized (this) {
            done = inFlight;
        }
        if (done == null) {
            return;
        }
        long now = owner.nowNs();
        String reason = error == null ? null : describe(error);
        owner.finished(done, error == null ? now : NONE, reason);
        if (done.opcode == Opcode.TEXT) {
            tell(() -> {
                if (reason == null) {
                    done.observer.written(now);
                } else {
                    done.observer.writeFailed(now, reason);
                }
            });
        }
        if (reason != null) {
            // What waits is not even started: "never written" is what can be proven of it.
            end();
            owner.writeBroken(reason);
        }
        synchronized (this) {
            if (reason == null && done.fenced() && !ended && !peerClosed) {
                fence = Outgoing.ping(owner.nextSeq(), now, done.observer);
                fence.pingCounter = done.pingCounter;
            }
            inFlight = null;
        }
        pump();
    }

    private static String describe(Throwable error) {
        String message = error.getMessage();
        return message == null
                ? error.getClass().getSimpleName()
                : error.getClass().getSimpleName() + ": " + message;
    }

    private void tell(Runnable call) {
        try {
            call.run();
        } catch (RuntimeException e) {
            owner.observerFailed(e);
        }
    }

    /** Texts that wait; the one in flight is not among them. */
    synchronized int frames() {
        return texts == null ? 0 : texts.size();
    }

    synchronized long bytes() {
        return textBytes;
    }

    /** The frame that is being written; null when none is. */
    synchronized @Nullable Outgoing writing() {
        return inFlight;
    }

    synchronized boolean closeStarted() {
        return closeStarted;
    }

    /** Frames that were taken and are not finished, as they stand now. */
    synchronized List<FrameRecord> unfinished() {
        List<FrameRecord> frames = new ArrayList<>();
        for (Outgoing frame : new Outgoing[] {inFlight, fence, close, pong, ping}) {
            if (frame != null) {
                frames.add(frame.record(NONE, null));
            }
        }
        if (texts != null) {
            texts.forEach(frame -> frames.add(frame.record(NONE, null)));
        }
        return frames;
    }
}
