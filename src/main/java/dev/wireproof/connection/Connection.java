package dev.wireproof.connection;

import dev.wireproof.connection.Course.Ending;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.kernel.SocketAddresses;
import dev.wireproof.protocol.CloseCode;
import dev.wireproof.telemetry.FrameTrace;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * One socket of one agent, from its upgrade to its end. Ten thousand of these are idle at any time, so each field is paid for ten
 * thousand times: no queue, no map and no observer exists while nothing waits.
 *
 * <p>Threads: frames come in one at a time, on the thread that reads; the writer calls from wherever a write ended; the sweep has its
 * own thread; anybody may send or close. No lock is held while one part calls another.
 */
final class Connection implements AgentLink {
    private static final Duration SPLIT_SESSION = Duration.ofSeconds(60);

    private final Switchboard board;
    private final ConnectionId id;
    private final Socket socket;
    private final Peer peer;
    private final long openedNanos;
    private final Instant openedAt;
    private final FrameTrace trace;
    private final Outbound outbound;
    private final Outbox outbox;
    private final EchoBook echoes = new EchoBook();
    private final Vitals vitals = new Vitals();
    private final Timers timers;
    private final MessageRate rate;
    private final AtomicLongArray counts = new AtomicLongArray(Count.values().length);

    private volatile @Nullable Identity identity;
    private boolean stranger = true; // guarded by counts
    private final Course course;
    private volatile boolean keyUnconfirmed;
    private volatile boolean deaf;
    private volatile boolean superseded;
    private volatile @Nullable ConfigAnswer configAnswer;
    private final MessageRate heartbeats = new MessageRate(1);
    private volatile @Nullable SocketEvidence socketEvidence; // only while something waits
    private int unusableInARow; // of the reading thread

    /** The socket, as the connection uses it. */
    interface Socket extends Outbox.Wire {
        /** Lets the next frame in. */
        void demand();

        /** Both ends of its TCP connection; empty when it has none, or has none any more. */
        default Optional<SocketAddresses> addresses() {
            return Optional.empty();
        }

        /** Ends the socket at once; what is in flight fails. */
        void abort();
    }

    /** @param proxiedFor the address that a trusted proxy named; null without one */
    record Peer(String address, @Nullable String proxiedFor) {
        String agentAddress() {
            return proxiedFor == null ? address : proxiedFor;
        }
    }

    Connection(Switchboard board, ConnectionId id, Peer peer, Socket socket) {
        this.board = board;
        this.id = id;
        this.peer = peer;
        this.socket = socket;
        this.openedNanos = board.nanos();
        this.openedAt = board.now();
        this.trace = board.recorder().open(id, openedAt);
        this.outbound = new Outbound(this, socket);
        this.outbox = new Outbox(outbound, socket);
        this.trace.unfinished(outbox::unfinished);
        this.timers = new Timers(this);
        this.rate = new MessageRate(board.settings().maxMessagesPerSecond());
        long nowMs = board.nowMs();
        this.course = new Course(nowMs);
        vitals.lastInMs = nowMs;
    }

    // ---- who it is

    @Override
    public ConnectionId connectionId() {
        return id;
    }

    @Override
    public AgentId agentId() {
        return authenticated().agentId();
    }

    @Override
    public long epoch() {
        return authenticated().epoch();
    }

    @Nullable
    Identity identity() {
        return identity;
    }

    /** @throws IllegalStateException before authentication: no other room ever sees such a link */
    Identity authenticated() {
        Identity known = identity;
        if (known == null) {
            throw new IllegalStateException("not authenticated");
        }
        return known;
    }

    void authenticated(Identity known, boolean enrolled) {
        identity = known;
        keyUnconfirmed = enrolled;
        noStranger();
    }

    /** It has authenticated, or its socket is gone: whichever comes first counts. */
    private void noStranger() {
        boolean first;
        synchronized (counts) {
            first = stranger;
            stranger = false;
        }
        if (first) {
            board.strangers().known(peer.agentAddress());
        }
    }

    @Override
    public boolean live() {
        return board.registry().isLive(this);
    }

    @Override
    public boolean offersAllowed() {
        Identity known = identity;
        return known != null
                && !known.pending()
                && course.phase() == Deadlines.Phase.OPEN
                && !board.draining()
                && live();
    }

    Peer peer() {
        return peer;
    }

    Instant openedAt() {
        return openedAt;
    }

    Switchboard board() {
        return board;
    }

    Vitals vitals() {
        return vitals;
    }

    FrameTrace trace() {
        return trace;
    }

    Outbox outbox() {
        return outbox;
    }

    EchoBook echoes() {
        return echoes;
    }

    Timers timers() {
        return timers;
    }

    MessageRate rate() {
        return rate;
    }

    Outbound outbound() {
        return outbound;
    }

    long count(Count what) {
        return counts.get(what.ordinal());
    }

    void add(Count what, long amount) {
        counts.addAndGet(what.ordinal(), amount);
    }

    // ---- time

    @Override
    public long nowNs() {
        return board.nanos() - openedNanos;
    }

    /** The wall time of an instant on this connection's scale; null for {@link Vitals#NONE}. */
    @Nullable
    Instant wallTime(long ns) {
        return ns < 0 ? null : openedAt.plusNanos(ns - ns % 1_000);
    }

    Course course() {
        return course;
    }

    // ---- out

    @Override
    public SendOutcome send(OutboundText text, SendObserver observer) {
        SendOutcome outcome = outbox.offer(text, observer);
        if (outcome instanceof SendOutcome.QueueFull) {
            add(Count.QUEUE_FULL, 1);
            board.metrics().queueFull();
        }
        return outcome;
    }

    @Override
    public void answered(long sentNs) {
        if (live()) {
            PathEvidence.acknowledged(this, sentNs);
        }
    }

    @Override
    public void unanswered(long sentNs) {
        if (live()) {
            PathEvidence.ackOverdue(this, sentNs);
        }
    }

    /** A frame that was sent at that time was answered on this, the live connection. */
    void proven(long sentNs) {
        long provenMs = board.liveMs(openedNanos + sentNs);
        if (provenMs > vitals.provenMs) {
            vitals.provenMs = provenMs;
            vitals.bytesAtProof = count(Count.BYTES_OUT);
        }
    }

    @Override
    public CompletableFuture<EchoTrace> echo() {
        CompletableFuture<EchoTrace> asked = new CompletableFuture<>();
        sendEcho(asked);
        return asked;
    }

    void sendEcho(@Nullable CompletableFuture<EchoTrace> asked) {
        EchoBook.Pending echo = echoes.begin(board.nowMs(), asked);
        vitals.lastEchoSentMs = board.nowMs();
        if (send(echo.text(), echo) instanceof SendOutcome.Enqueued(long atNs)) {
            echo.enqueued(atNs);
        } else {
            echoes.refused(echo);
        }
    }

    // ---- the kernel's view

    Optional<SocketAddresses> addresses() {
        return course.socketEnd() == null ? socket.addresses() : Optional.empty();
    }

    @Nullable
    SocketEvidence socketEvidenceOrNull() {
        return socketEvidence;
    }

    synchronized SocketEvidence socketEvidence() {
        SocketEvidence known = socketEvidence;
        if (known == null) {
            known = new SocketEvidence();
            socketEvidence = known;
        }
        return known;
    }

    void forgetSocketEvidence() {
        socketEvidence = null;
    }

    /** Whether half of the time has passed after which it is evicted as unproven: from here on it matters what the kernel sees. */
    boolean unprovenForLong() {
        return course.phase() == Deadlines.Phase.OPEN
                && board.nowMs() - vitals.provenMs
                        > board.settings().outboundUnprovenTimeout().toMillis() / 2;
    }

    @Override
    public void trace(Duration duration) {
        trace.ofInterest(nowNs(), duration);
        timers.traceFor(duration);
    }

    long nextSeq() {
        return trace.nextSeq();
    }

    // ---- in: called by the reading thread only

    /** Bytes of the peer were read, be they a whole message or not. */
    void heard() {
        vitals.lastInNs = nowNs();
        vitals.lastInMs = board.nowMs();
    }

    /** A frame is complete. @return when, on the connection's scale */
    long arrived(int bytes, Count kind) {
        heard();
        add(kind, 1);
        add(Count.BYTES_IN, bytes);
        if (superseded) {
            add(Count.STALE_FRAMES, 1);
        }
        return vitals.lastInNs;
    }

    /** Something but a Pong came: an agent that was just enrolled has its key. */
    void confirmKey() {
        Identity known = identity;
        if (keyUnconfirmed && known != null) {
            keyUnconfirmed = false;
            board.enrollmentConfirmed(known.agentId());
        }
    }

    /** Whether what still comes in is thrown away: after a violation only the answer to our Close is of interest. */
    boolean deaf() {
        return deaf;
    }

    void demand() {
        socket.demand();
    }

    int unusableInARow() {
        return unusableInARow;
    }

    int unusableInARow(int now) {
        unusableInARow = now;
        return now;
    }

    /** What the agent said of the configuration that it was sent. */
    void configAcked(ConfigAnswer answer) {
        ConfigAnswer before = configAnswer;
        if (before == null || before.version() <= answer.version()) { // one that was on its way is no news
            configAnswer = answer;
        }
    }

    /** What the agent said of the newest version of which it said anything; null: it said nothing on this connection. */
    @Nullable
    ConfigAnswer configAnswer() {
        return configAnswer;
    }

    /** @return whether a heartbeat that came now is worth a row; so many are that come at most once a second */
    boolean heartbeatIsKept(long nowNs) {
        return heartbeats.take(nowNs);
    }

    /** The agent is in: from here on the deadlines of an open connection count. */
    void opened() {
        long nowMs = board.nowMs();
        vitals.lastInMs = nowMs;
        vitals.lastPongMs = nowMs;
        vitals.lastEchoSentMs = nowMs;
        vitals.provenMs = nowMs;
        vitals.bytesAtProof = count(Count.BYTES_OUT);
        timers.begin();
        course.open(nowMs);
    }

    // ---- the end

    @Override
    public void close(CloseCode code, String reason) {
        close(code, reason, false);
    }

    /** The agent broke the protocol: nothing it says from here on is listened to. */
    void violated(CloseCode code, String reason) {
        deaf = true;
        close(code, reason, true);
    }

    /** @param afterTexts whether texts that wait are sent before it */
    void close(CloseCode code, String reason, boolean afterTexts) {
        if (leave(new Ending(code.code(), reason, board.now()))) {
            outbox.close(code.code(), shortened(reason), afterTexts);
        }
    }

    /** @return false when it was on its way out before */
    private boolean leave(Ending how) {
        boolean first = course.leave(how, board.nowMs());
        if (first) {
            board.left(this, how);
        }
        return first;
    }

    /** The peer's Close came: nothing more is sent but the answer to it. */
    void closedByPeer(int code, String reason) {
        leave(new Ending(code, reason.isEmpty() ? "closed by the agent" : reason, board.now()));
        outbox.answerClose(code);
    }

    /** The socket is gone. Called once, by the transport. @param code null when there was no Close */
    void ended(@Nullable Integer code, String reason) {
        Ending how = new Ending(code, reason, board.now());
        leave(how);
        course.socketEnded(how);
        outbox.end();
        echoes.end();
        board.ended(this);
        noStranger();
        Ending first = course.ending();
        trace.close(first == null || first.code() == null || first.code() >= 1002);
    }

    void abort() {
        socket.abort();
    }

    /** Another connection of the agent took over. Its acks and results still count; nothing else it says proves anything. */
    void superseded() {
        superseded = true;
        trace.ofInterest(nowNs(), SPLIT_SESSION); // whatever still comes on it is evidence of a split session
        board.metrics().superseded();
        close(CloseCode.SUPERSEDED, CloseCode.SUPERSEDED.meaning());
    }

    /** Open, and the newest evidence is against its way to the agent: Echo overdue, or unproven and spared from eviction. */
    boolean suspect() {
        return course.phase() == Deadlines.Phase.OPEN && (vitals.echoOverdueSinceNs != Vitals.NONE || timers.spared());
    }

    boolean wasSuperseded() {
        return superseded;
    }

    /** A Close frame has room for 123 bytes of reason (RFC 6455 §5.5). */
    private static String shortened(String reason) {
        StringBuilder kept = new StringBuilder();
        for (int i = 0; i < reason.length() && kept.length() < 123; i++) {
            char c = reason.charAt(i);
            kept.append(c < 0x80 ? c : '?');
        }
        return kept.toString();
    }

    @Override
    public String toString() {
        return "connection " + id;
    }
}
