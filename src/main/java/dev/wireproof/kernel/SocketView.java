package dev.wireproof.kernel;

import org.jspecify.annotations.Nullable;

/**
 * What the kernel knew of one TCP socket at one instant. A number is {@link #UNKNOWN} where this kernel's {@code tcp_info} is too short
 * to have it; older kernels end earlier.
 *
 * @param sendQueueBytes written by us and not acknowledged by the other side's TCP: in flight, and not yet sent
 * @param unsentBytes the part of the send queue that was never sent
 * @param unackedPackets segments in flight; packets, not bytes
 * @param bytesAcked acknowledged by the other side's TCP since the connection began; only ever rises
 * @param bytesSent sent, repeats included
 * @param retransmits segments sent again since the connection began
 * @param rttMicros smoothed round trip of TCP, to the next hop
 * @param sendWindowBytes what the other side's TCP last said it has room for
 * @param windowLimitedMicros for how long, in all, that window held us up
 */
public record SocketView(
        TcpState state,
        long sendQueueBytes,
        long unsentBytes,
        long unackedPackets,
        long bytesAcked,
        long bytesSent,
        long retransmits,
        long rttMicros,
        long sendWindowBytes,
        long windowLimitedMicros) {

    public static final long UNKNOWN = -1;

    /** Sent and not acknowledged, in bytes; {@link #UNKNOWN} when the kernel does not tell. */
    public long unackedBytes() {
        return unsentBytes == UNKNOWN ? UNKNOWN : Math.max(0, sendQueueBytes - unsentBytes);
    }

    /**
     * All bytes that were ever handed to the kernel for this socket, or somewhat more: once {@link #bytesAcked} has reached it, every
     * byte that was written before this view was taken is acknowledged. The kernel reads the queue before the counter, so an
     * acknowledgement between the two makes this larger and never smaller.
     */
    public long handedOver() {
        return bytesAcked == UNKNOWN ? UNKNOWN : bytesAcked + sendQueueBytes;
    }

    /** Whether the other side said that it has no room at all; null when the kernel does not tell. */
    public @Nullable Boolean zeroWindow() {
        return sendWindowBytes == UNKNOWN ? null : (Boolean) (sendWindowBytes == 0);
    }
}
