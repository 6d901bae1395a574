package dev.wireproof.telemetry;

import dev.wireproof.id.ConnectionId;
import dev.wireproof.telemetry.FrameRecorder.Worth;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/**
 * The record of one connection's frames: the last 64 in memory, and by the recorder's rule as rows. Costs no IO and never waits;
 * safe for many threads.
 */
public final class FrameTrace {
    /** How long frames stay of interest after a command or an anomaly. */
    static final Duration OF_INTEREST = Duration.ofSeconds(60);

    private static final long NEVER = Long.MIN_VALUE;
    private static final long MINUTE_MICROS = 60_000_000L;

    private final FrameRecorder recorder;
    private final ConnectionId connectionId;
    private final long openedMicros;

    // guarded by this
    private final FrameRing ring = new FrameRing();
    private long lastSeq;
    private long interestingUntilNs = NEVER;
    private long missing;
    private long minute;
    private int pings;
    private int pongs;
    private int echoes;
    private int heartbeats;
    private int shed;

    /** Frames that the connection has taken and not finished yet; they are shown, and become rows when they end. */
    public interface Unfinished {
        List<FrameRecord> frames();
    }

    private volatile Unfinished unfinished = List::of;

    FrameTrace(FrameRecorder recorder, ConnectionId connectionId, Instant openedAt) {
        this.recorder = recorder;
        this.connectionId = connectionId;
        this.openedMicros = ChronoUnit.MICROS.between(Instant.EPOCH, openedAt);
    }

    public ConnectionId connectionId() {
        return connectionId;
    }

    public void unfinished(Unfinished source) {
        unfinished = source;
    }

    List<FrameRecord> unfinished() {
        return unfinished.frames();
    }

    public synchronized long nextSeq() {
        return ++lastSeq;
    }

    /** Takes a frame about which nothing more will become known. */
    public void record(FrameRecord frame) {
        if (!recorder.recording()) {
            lose(frame);
            return;
        }
        boolean ofCommand = frame.commandId() != null;
        boolean faulty = frame.error() != null;
        recorder.counts().add(frame);
        synchronized (this) {
            if (ofCommand || faulty) {
                ofInterest(frame.atNs(), OF_INTEREST);
            }
            recorder.met();
            boolean spare = FrameRecorder.isRoutine(frame) && frame.atNs() >= interestingUntilNs;
            boolean wanted = !spare || !recorder.sparing();
            Worth worth = ofCommand ? Worth.COMMAND : spare ? Worth.ROUTINE : Worth.OTHER;
            boolean kept = wanted && recorder.offer(connectionId, atMicros(frame), frame, worth);
            ring.add(frame, kept);
            if (!kept) {
                count(frame, wanted);
            }
            if (faulty) {
                keepWhatLedHere();
            }
        }
    }

    /** Makes every frame a row from now on, and those still in memory too: a trace was asked for, or something odd was seen. */
    public synchronized void ofInterest(long nowNs, Duration duration) {
        interestingUntilNs = Math.max(interestingUntilNs, nowNs + duration.toNanos());
    }

    /** Something odd was seen: the frames that led there become rows, whatever the rule of the day. */
    public synchronized void anomaly(long nowNs) {
        ofInterest(nowNs, OF_INTEREST);
        keepWhatLedHere();
    }

    // guarded by this
    private void keepWhatLedHere() {
        for (FrameRecord earlier : ring.takeUnkept()) {
            if (!recorder.offer(
                    connectionId,
                    atMicros(earlier),
                    earlier,
                    earlier.commandId() == null ? Worth.OTHER : Worth.COMMAND)) {
                missing++;
            }
        }
    }

    private synchronized void lose(FrameRecord frame) {
        count(frame, true);
    }

    // guarded by this
    private void count(FrameRecord frame, boolean wanted) {
        long at = Math.floorDiv(atMicros(frame), MINUTE_MICROS);
        if (at != minute) {
            summarize();
            minute = at;
        }
        missing++;
        if (wanted) {
            shed++;
            return;
        }
        switch (frame.opcode()) {
            case PING -> pings++;
            case PONG -> pongs++;
            default -> {
                if (FrameRecorder.HEARTBEAT.equals(frame.type())) {
                    heartbeats++;
                } else {
                    echoes++;
                }
            }
        }
    }

    // guarded by this
    private void summarize() {
        if (pings + pongs + echoes + heartbeats + shed > 0) {
            recorder.summarize(
                    new FrameSummary(connectionId, minute * MINUTE_MICROS, pings, pongs, echoes, heartbeats, shed));
        }
        pings = 0;
        pongs = 0;
        echoes = 0;
        heartbeats = 0;
        shed = 0;
    }

    /** Frames of this connection that are no rows, by rule or because there was no room. */
    public synchronized long missing() {
        return missing;
    }

    /** The last 64 frames, oldest first, in the order in which they were finished. */
    public synchronized List<FrameRecord> recent() {
        return ring.frames();
    }

    public Instant at(FrameRecord frame) {
        return Instant.EPOCH.plus(atMicros(frame), ChronoUnit.MICROS);
    }

    private long atMicros(FrameRecord frame) {
        return openedMicros + Math.floorDiv(frame.atNs(), 1_000L);
    }

    /** The connection ended. @param odd whether the way it ended makes its last frames worth keeping */
    public synchronized void close(boolean odd) {
        if (odd) {
            keepWhatLedHere();
        }
        summarize();
        recorder.closed(this);
    }
}
