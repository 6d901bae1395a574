package dev.wireproof.connection;

import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.protocol.ServerMessageCodec;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The Echo texts of one connection that are not answered yet: few, the oldest is forgotten first. */
final class EchoBook {
    private static final int MOST = 8;
    private static final int NONCE_BYTES = 18; // 24 characters of base64
    private static final SecureRandom RANDOM = new SecureRandom();

    /** An Echo on its way. */
    static final class Pending implements SendObserver {
        private final String nonce;
        private final long sinceMs;
        private final @Nullable CompletableFuture<EchoTrace> asked;
        private volatile long enqueuedNs = -1;
        private volatile long startedNs = -1;
        private volatile long writtenNs = -1;
        private volatile long readNs = -1;

        Pending(String nonce, long sinceMs, @Nullable CompletableFuture<EchoTrace> asked) {
            this.nonce = nonce;
            this.sinceMs = sinceMs;
            this.asked = asked;
        }

        @Override
        public void writeStarted(long atNs) {
            startedNs = atNs;
        }

        @Override
        public void written(long atNs) {
            writtenNs = atNs;
        }

        @Override
        public void peerRead(long atNs, long fenceRttNs) {
            readNs = atNs;
        }

        void enqueued(long atNs) {
            enqueuedNs = atNs;
        }

        long startedNs() {
            return startedNs;
        }

        /** When it was asked for, in {@link LiveTime}. */
        long sinceMs() {
            return sinceMs;
        }

        private EchoTrace trace(long repliedNs) {
            return new EchoTrace(nonce, enqueuedNs, startedNs, writtenNs, readNs, repliedNs);
        }

        /** An Echo that somebody asked for carries a fence, so that its way can be told leg by leg. */
        OutboundText text() {
            String json = ServerMessageCodec.encode(new ServerMessage.Echo(nonce));
            return OutboundText.of("Echo", json, null, asked != null);
        }
    }

    private @Nullable List<Pending> pending; // guarded by this; null when there is none

    Pending begin(long nowMs, @Nullable CompletableFuture<EchoTrace> asked) {
        byte[] random = new byte[NONCE_BYTES];
        RANDOM.nextBytes(random);
        Pending echo = new Pending(Base64.getUrlEncoder().encodeToString(random), nowMs, asked);
        Pending forgotten = null;
        synchronized (this) {
            if (pending == null) {
                pending = new ArrayList<>(1);
            }
            if (pending.size() == MOST) {
                forgotten = pending.removeFirst();
            }
            pending.add(echo);
        }
        giveUp(forgotten);
        return echo;
    }

    /** The outbound queue did not take it: it was never on its way, and nobody can be blamed for not answering. */
    void refused(Pending echo) {
        synchronized (this) {
            if (pending != null && pending.remove(echo) && pending.isEmpty()) {
                pending = null;
            }
        }
        giveUp(echo);
    }

    /** The newest Echo that was written and has been unanswered for ten seconds; null when there is none. */
    synchronized @Nullable Pending newestOverdue(long nowMs) {
        Pending newest = null;
        if (pending != null) {
            for (Pending echo : pending) {
                newest = nowMs - echo.sinceMs > Deadlines.ECHO_ANSWER_MS && echo.writtenNs >= 0 ? echo : newest;
            }
        }
        return newest;
    }

    /**
     * Texts are answered in order: what was asked before this one and is not answered never will be, so it is forgotten.
     *
     * @return null when no Echo of ours waits for this nonce
     */
    @Nullable
    Pending answered(String nonce, long nowNs) {
        Pending found = null;
        List<Pending> earlier;
        synchronized (this) {
            if (pending == null) {
                return null;
            }
            for (Pending echo : pending) {
                if (echo.nonce.equals(nonce)) {
                    found = echo;
                    break;
                }
            }
            if (found == null) {
                return null;
            }
            List<Pending> upToHere = pending.subList(0, pending.indexOf(found) + 1);
            earlier = List.copyOf(upToHere.subList(0, upToHere.size() - 1));
            upToHere.clear();
            if (pending.isEmpty()) {
                pending = null;
            }
        }
        earlier.forEach(EchoBook::giveUp);
        if (found.asked != null) {
            found.asked.complete(found.trace(nowNs));
        }
        return found;
    }

    /** Ends the waiting of those who asked. @return whether an Echo that was written has been unanswered for ten seconds */
    boolean overdue(long nowMs) {
        List<Pending> late = List.of();
        synchronized (this) {
            if (pending == null) {
                return false;
            }
            for (Pending echo : pending) {
                if (nowMs - echo.sinceMs > Deadlines.ECHO_ANSWER_MS) {
                    late = late.isEmpty() ? new ArrayList<>() : late;
                    late.add(echo);
                }
            }
        }
        late.forEach(EchoBook::giveUp);
        return late.stream().anyMatch(echo -> echo.writtenNs >= 0);
    }

    /** The connection ended. */
    void end() {
        List<Pending> left;
        synchronized (this) {
            left = pending == null ? List.of() : pending;
            pending = null;
        }
        left.forEach(EchoBook::giveUp);
    }

    /** It may still be answered, and that then counts; only who asked waits no longer. */
    private static void giveUp(@Nullable Pending echo) {
        if (echo != null && echo.asked != null) {
            echo.asked.complete(echo.trace(-1));
        }
    }
}
