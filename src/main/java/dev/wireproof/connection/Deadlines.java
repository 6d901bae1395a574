package dev.wireproof.connection;

/**
 * What is due on a connection, as a function of a few numbers. Times are milliseconds of {@link LiveTime}; -1 stands for "not".
 * Every deadline is found due in two sweeps running before anyone acts on it, so that what the kernel had ready was read in between.
 */
final class Deadlines {
    static final long CLOSE_ANSWER_MS = 5_000;
    static final long CLOSE_WRITE_MS = 2_000;
    static final long SILENT_PONG_MS = 25_000;
    static final long ECHO_ANSWER_MS = 10_000;

    private static final long SLOW_LINK_BYTES_A_SECOND = 8 * 1024;

    /** Why a connection is to end; NONE when it is not. */
    enum Verdict {
        NONE,
        AUTH_TIMEOUT,
        IDLE,
        OUTBOUND_UNPROVEN,
        WRITE_STALL,
        CLOSE_NOT_WRITTEN,
        CLOSE_NOT_ANSWERED
    }

    /** The phases of a connection that have deadlines of their own. */
    enum Phase {
        AWAITING_AUTH,
        /** The server itself is busy with it and reads nothing meanwhile. */
        ADMITTING,
        OPEN,
        CLOSING
    }

    /**
     * @param phaseSinceMs when it began
     * @param lastInMs when anything last came in
     * @param provenMs when the newest frame that was answered had been sent
     * @param unprovenBytes written since then
     * @param writingSinceMs when the frame in flight was started, -1 when there is none
     * @param writingBytes its length
     * @param closeWritten whether our Close has left
     * @param socket what the kernel lately told of its socket
     */
    record Facts(
            Phase phase,
            long phaseSinceMs,
            long lastInMs,
            long provenMs,
            long unprovenBytes,
            long writingSinceMs,
            int writingBytes,
            boolean closeWritten,
            Socket socket) {}

    /**
     * @param known whether the kernel told anything in the last seconds; the other two mean nothing without
     * @param progressMs when the peer's TCP was last seen to have acknowledged more
     * @param backlogProgressMs when it was last seen to have, with more bytes waiting behind: a slow link at work
     */
    record Socket(boolean known, long progressMs, long backlogProgressMs) {
        static final Socket UNKNOWN = new Socket(false, -1, -1);
    }

    private final long authMs;
    private final long idleMs;
    private final long unprovenMs;
    private final long stallMs;

    Deadlines(ConnectionProperties settings) {
        this.authMs = settings.authTimeout().toMillis();
        this.idleMs = settings.idleTimeout().toMillis();
        this.unprovenMs = settings.outboundUnprovenTimeout().toMillis();
        this.stallMs = settings.writeStallTimeout().toMillis();
    }

    Verdict judge(long nowMs, Facts facts) {
        return switch (facts.phase()) {
            case AWAITING_AUTH -> nowMs - facts.phaseSinceMs() > authMs ? Verdict.AUTH_TIMEOUT : Verdict.NONE;
            case ADMITTING -> stalled(nowMs, facts) ? Verdict.WRITE_STALL : Verdict.NONE;
            case OPEN -> whileOpen(nowMs, facts);
            case CLOSING -> whileClosing(nowMs, facts);
        };
    }

    private Verdict whileOpen(long nowMs, Facts facts) {
        if (stalled(nowMs, facts)) {
            return Verdict.WRITE_STALL;
        }
        if (nowMs - facts.lastInMs() > idleMs) {
            return Verdict.IDLE;
        }
        return unproven(nowMs, facts) && facts.writingSinceMs() < 0 ? Verdict.OUTBOUND_UNPROVEN : Verdict.NONE;
    }

    private static Verdict whileClosing(long nowMs, Facts facts) {
        long closing = nowMs - facts.phaseSinceMs();
        if (!facts.closeWritten() && closing > CLOSE_WRITE_MS) {
            return Verdict.CLOSE_NOT_WRITTEN;
        }
        return closing > CLOSE_ANSWER_MS ? Verdict.CLOSE_NOT_ANSWERED : Verdict.NONE;
    }

    /** Time counts from the last sign of a slow link at work; where the kernel does not tell of any, each byte gets its time. */
    private boolean unproven(long nowMs, Facts facts) {
        Socket socket = facts.socket();
        return socket.known()
                ? nowMs - Math.max(facts.provenMs(), socket.backlogProgressMs()) > unprovenMs
                : nowMs - facts.provenMs() > unprovenMs + slowLinkMs(facts.unprovenBytes());
    }

    private boolean stalled(long nowMs, Facts facts) {
        if (facts.writingSinceMs() < 0) {
            return false;
        }
        Socket socket = facts.socket();
        return socket.known()
                ? nowMs - Math.max(facts.writingSinceMs(), socket.progressMs()) > stallMs
                : nowMs - facts.writingSinceMs() > stallMs + slowLinkMs(facts.writingBytes());
    }

    /** A slow link is not a dead one: 1 s for each 8 KiB that has to get through. */
    private static long slowLinkMs(long bytes) {
        return bytes / SLOW_LINK_BYTES_A_SECOND * 1_000;
    }
}
