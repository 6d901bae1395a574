package dev.wireproof.diagnosis;

import dev.wireproof.connection.AgentLink;
import dev.wireproof.connection.SocketWatch;
import dev.wireproof.diagnosis.Observations.Tcp;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.kernel.SocketView;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Asks the kernel about an open connection's socket: once, and where something is on its way a second time a moment later, so that bytes that
 * were merely under way are not taken for unacknowledged ones. Blocks for that moment.
 */
final class KernelView implements KernelEye {
    private static final Duration BETWEEN = Duration.ofMillis(500);

    private final SocketWatch sockets;

    KernelView(SocketWatch sockets) {
        this.sockets = sockets;
    }

    @Override
    public Tcp look(ConnectionId connection, @Nullable AgentLink link) {
        SocketView first = link == null ? null : read(connection).orElse(null);
        if (first == null) {
            return Tcp.UNKNOWN;
        }
        if (first.sendQueueBytes() == 0) {
            return tcp(first, true, false);
        }
        LockSupport.parkNanos(BETWEEN.toNanos());
        SocketView second = read(connection).orElse(null);
        if (second == null || second.bytesAcked() < first.bytesAcked()) {
            return Tcp.UNKNOWN; // gone meanwhile, or its numbers are another socket's
        }
        return tcp(second, second.bytesAcked() >= first.handedOver(), second.bytesAcked() > first.bytesAcked());
    }

    private Optional<SocketView> read(ConnectionId connection) {
        return sockets.read(connection)
                .ifSeen()
                .filter(view -> view.bytesAcked() != SocketView.UNKNOWN && view.sendQueueBytes() != SocketView.UNKNOWN);
    }

    private static Tcp tcp(SocketView view, boolean acked, boolean progress) {
        long unacked = Math.max(0, view.unackedBytes());
        long unsent = Math.max(0, view.unsentBytes());
        // Nothing is on its way and something waits: all that was sent is acknowledged, and there is no room for more.
        boolean noRoom = unsent > 0 && unacked == 0;
        return new Tcp(
                true,
                acked,
                unacked,
                unsent,
                noRoom || Boolean.TRUE.equals(view.zeroWindow()),
                (int) Math.clamp(view.retransmits(), 0, Integer.MAX_VALUE),
                progress);
    }
}
