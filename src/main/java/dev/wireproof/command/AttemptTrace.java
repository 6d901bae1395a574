package dev.wireproof.command;

import dev.wireproof.connection.SendObserver;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.ConnectionId;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What this process saw of one attempt since its row was stored. The connection's threads write it, a writer reads it and stores it with
 * the next change of the command, or within a quarter of a second. All times are nanoseconds since the connection opened; 0 or less
 * means: not seen (nothing is sent in the first nanosecond of a connection).
 */
final class AttemptTrace implements SendObserver {
    final CommandId commandId;
    final int attempt;
    final ConnectionId connectionId;
    final int frameBytes;
    final String frameSha256;

    private final Consumer<AttemptTrace> whenDirty;
    private final Consumer<AttemptTrace> whenNeverWritten;
    private final Consumer<AttemptTrace> whenContradicted;
    private final AtomicBoolean dirty = new AtomicBoolean();
    private final AtomicBoolean contradicted = new AtomicBoolean();

    volatile long enqueuedNs;
    volatile long writeStartedNs;
    volatile long writtenNs;
    volatile long writeFailedNs;
    volatile long tcpAckedNs;
    volatile long peerReadNs;
    volatile long fenceRttNs = -1;
    volatile long fenceSeq = -1;
    volatile @Nullable String writeError;
    volatile @Nullable String refusal;
    volatile boolean neverWritten;
    /** Whether the agent acknowledged or refused it. */
    private volatile boolean answered;
    /** When its ack is overdue; null: never. */
    volatile @Nullable Instant overdueAt;
    /** Whether PEER_READ was told to the lifecycle. Used by its writer only. */
    boolean peerReadTold;
    /** Which legs were told to the observer, a bit for each. Used by its writer only. */
    int legsTold;

    AttemptTrace(
            CommandId commandId,
            int attempt,
            ConnectionId connectionId,
            int frameBytes,
            String frameSha256,
            Consumer<AttemptTrace> whenDirty,
            Consumer<AttemptTrace> whenNeverWritten,
            Consumer<AttemptTrace> whenContradicted) {
        this.commandId = commandId;
        this.attempt = attempt;
        this.connectionId = connectionId;
        this.frameBytes = frameBytes;
        this.frameSha256 = frameSha256;
        this.whenDirty = whenDirty;
        this.whenNeverWritten = whenNeverWritten;
        this.whenContradicted = whenContradicted;
    }

    Progress progress() {
        if (peerReadNs > 0) {
            return Progress.PEER_READ;
        }
        return writtenNs > 0 || writeFailedNs > 0 ? Progress.WRITTEN : Progress.NOT_WRITTEN;
    }

    void enqueued(long atNs) {
        enqueuedNs = Math.max(atNs, 1);
        touched();
    }

    void refused(String why) {
        refusal = why;
        touched();
        compare();
    }

    /** An answer may overtake the news of the write by an instant: only a write that ended without completing contradicts it. */
    void answered() {
        answered = true;
        compare();
    }

    private void compare() {
        if (answered && writtenNs <= 0 && unwrittenBecause() != null && contradicted.compareAndSet(false, true)) {
            whenContradicted.accept(this);
        }
    }

    /** @return how the write ended without completing; null: it completed, or goes on */
    @Nullable
    String unwrittenBecause() {
        if (refusal != null) {
            return "the connection did not take its frame: " + refusal;
        }
        if (neverWritten) {
            return "no write of it ever began";
        }
        return writeFailedNs > 0 ? "its write failed: " + writeError : null;
    }

    @Override
    public void writeStarted(long atNs) {
        writeStartedNs = Math.max(atNs, 1);
        touched();
    }

    @Override
    public void written(long atNs) {
        writtenNs = Math.max(atNs, 1);
        touched();
    }

    @Override
    public void tcpAcked(long atNs) {
        tcpAckedNs = Math.max(atNs, 1);
        touched();
    }

    @Override
    public void writeFailed(long atNs, String error) {
        writeError = error;
        writeFailedNs = Math.max(atNs, 1);
        touched();
        compare();
    }

    @Override
    public void neverWritten(long atNs) {
        neverWritten = true;
        touched();
        whenNeverWritten.accept(this);
        compare();
    }

    @Override
    public void fenced(long seq) {
        fenceSeq = seq;
        touched();
    }

    @Override
    public void peerRead(long atNs, long rttNs) {
        fenceRttNs = rttNs;
        peerReadNs = Math.max(atNs, 1);
        touched();
    }

    /** Something is to be stored. */
    void touched() {
        if (!dirty.get() && dirty.compareAndSet(false, true)) {
            whenDirty.accept(this);
        }
    }

    /** Before reading the values to store them: a change after this is stored by a later flush. @return whether anything was new */
    boolean clean() {
        return dirty.getAndSet(false);
    }
}
