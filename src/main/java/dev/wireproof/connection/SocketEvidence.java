package dev.wireproof.connection;

import dev.wireproof.kernel.SocketView;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the kernel's view of one connection's socket told while something waited there. Exists only for as long; {@link SocketWatch}
 * writes it, one thread at a time, and the sweep reads the fields that are volatile.
 *
 * <p>A text is TCP-acknowledged once {@code bytes_acked} has reached {@link SocketView#handedOver} of any view that was taken after its
 * write had completed: that sum holds all bytes of the text. Of several such views the smallest sum counts.
 */
final class SocketEvidence {
    private static final long FIRST_PAUSE_MS = 125;
    private static final long LONGEST_PAUSE_MS = 1_000;
    private static final long FRESH_MS = 5_000;

    /** A text whose write completed and that nobody is known to have read. */
    private static final class Waiting {
        final long fence;
        final SendObserver observer;
        long handedOver = Long.MAX_VALUE;

        Waiting(long fence, SendObserver observer) {
            this.fence = fence;
            this.observer = observer;
        }
    }

    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>(2);
    private long newestFence = -1;
    private long pauseMs = FIRST_PAUSE_MS;
    private long nextLookMs = Long.MIN_VALUE;
    private boolean queuedBefore;

    private volatile @Nullable SocketView last;
    private volatile long seenMs;
    private volatile long progressMs = -1;
    private volatile long backlogProgressMs = -1;
    private volatile @Nullable String stall;

    /** The newest fence whose text is waited for or was told of. */
    long newestFence() {
        return newestFence;
    }

    boolean waits() {
        return !waiting.isEmpty();
    }

    boolean due(long nowMs) {
        return nowMs >= nextLookMs;
    }

    /** The write of this fence's text has completed, and no view was taken since. Fences come in order. */
    void written(long fence, SendObserver observer) {
        newestFence = fence;
        waiting.add(new Waiting(fence, observer));
        pauseMs = FIRST_PAUSE_MS;
    }

    /**
     * A view that was taken after the last call of {@link #written}.
     *
     * @param pings tells which texts are known to be read meanwhile: of those nothing is told any more
     * @return observers of texts that are now proven to be acknowledged, oldest first
     */
    List<SendObserver> saw(SocketView view, long nowMs, PingBook pings) {
        SocketView before = last;
        nextLookMs = nowMs + pauseMs;
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
        if (view.bytesAcked() == SocketView.UNKNOWN) {
            return List.of();
        }
        if (before != null && view.bytesAcked() < before.bytesAcked()) {
            // A counter that runs backwards is not of the socket that was looked at before: nothing is concluded from
            // either.
            last = null;
            waiting.clear();
            return List.of();
        }
        boolean grew = before == null || view.bytesAcked() > before.bytesAcked();
        boolean queued = view.sendQueueBytes() > 0;
        if (grew) {
            progressMs = nowMs;
        }
        if (grew && before != null && queued && queuedBefore) {
            backlogProgressMs = nowMs;
        }
        queuedBefore = queued;
        last = view;
        seenMs = nowMs;
        return acked(view, pings);
    }

    private List<SendObserver> acked(SocketView view, PingBook pings) {
        List<SendObserver> acked = new ArrayList<>(waiting.size());
        for (var each = waiting.iterator(); each.hasNext(); ) {
            Waiting text = each.next();
            text.handedOver = Math.min(text.handedOver, view.handedOver());
            if (!pings.outstanding(text.fence)) {
                each.remove();
            } else if (view.bytesAcked() >= text.handedOver) {
                acked.add(text.observer);
                each.remove();
            }
        }
        return acked;
    }

    /** Nothing could be seen of it: its turn comes again, later and later. */
    void unseen(long nowMs) {
        nextLookMs = nowMs + pauseMs;
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }

    /** The newest view; null when none was taken in the last seconds. */
    @Nullable
    SocketView fresh(long nowMs) {
        SocketView view = last;
        return view == null || nowMs - seenMs > FRESH_MS ? null : view;
    }

    /** When {@code bytes_acked} was last seen to have grown; the first view counts as such. */
    long progressMs() {
        return progressMs;
    }

    /**
     * When it was last seen to have grown from one view to the next with bytes queued at both: a slow link at work. -1: never. A Ping's few
     * bytes that are acknowledged at once do not count, or a peer whose TCP works and whose program is frozen would pass for alive.
     */
    long backlogProgressMs() {
        return backlogProgressMs;
    }

    void stalled(String how) {
        stall = how;
    }

    /** How its write stalled; null when it did not. */
    @Nullable
    String stall() {
        return stall;
    }
}
