package dev.wireproof.kernel;

import static dev.wireproof.kernel.SocketView.UNKNOWN;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.BiConsumer;

/**
 * The bytes of a {@code sock_diag} conversation: {@code struct nlmsghdr}, {@code inet_diag_req_v2}, {@code inet_diag_msg} and
 * {@code tcp_info} of the kernel's own headers, which are its stable interface. Pure. Whatever the bytes are, nothing is read beyond what
 * a length says, and no length is believed beyond the datagram.
 */
final class InetDiagMessages {
    static final int AF_INET = 2;
    static final int AF_INET6 = 10;

    private static final int HEADER = 16;
    private static final int REQUEST = HEADER + 56;
    private static final int DIAG_MESSAGE = 72;
    private static final int ATTRIBUTE_HEADER = 4;

    private static final short SOCK_DIAG_BY_FAMILY = 20;
    private static final short NLMSG_ERROR = 2;
    private static final short NLMSG_DONE = 3;
    private static final short REQUESTED = 0x1;
    private static final short DUMP = 0x300;
    private static final byte IPPROTO_TCP = 6;
    private static final int INET_DIAG_INFO = 2;
    private static final int NO_COOKIE = -1;

    private InetDiagMessages() {}

    /** What a datagram said of the conversation. */
    sealed interface Outcome {
        /** More may come. @param messages how many of ours it held */
        record Messages(int messages) implements Outcome {}

        record Done() implements Outcome {}

        /** @param errno positive */
        record Failed(int errno) implements Outcome {}

        record Malformed() implements Outcome {}
    }

    /** @param localPort 0: any */
    static byte[] dump(int family, int localPort, int sequence) {
        ByteBuffer request = request(family, TcpState.connectedMask(), DUMP, sequence);
        request.order(ByteOrder.BIG_ENDIAN).putShort((short) localPort);
        return request.array();
    }

    static byte[] single(SocketAddresses socket, int sequence) {
        boolean ipv4 = socket.ipv4();
        ByteBuffer request = request(ipv4 ? AF_INET : AF_INET6, -1, (short) 0, sequence)
                .order(ByteOrder.BIG_ENDIAN)
                .putShort((short) socket.localPort())
                .putShort((short) socket.remotePort());
        address(request, ipv4, socket.localHigh(), socket.localLow());
        address(request, ipv4, socket.remoteHigh(), socket.remoteLow());
        request.putInt(0); // any interface
        return request.putInt(NO_COOKIE).putInt(NO_COOKIE).array();
    }

    private static void address(ByteBuffer request, boolean ipv4, long high, long low) {
        if (ipv4) {
            request.putInt((int) low).putInt(0).putLong(0);
        } else {
            request.putLong(high).putLong(low);
        }
    }

    /** Up to the socket's id, which follows. */
    private static ByteBuffer request(int family, int states, short flags, int sequence) {
        return ByteBuffer.allocate(REQUEST)
                .order(ByteOrder.nativeOrder())
                .putInt(REQUEST)
                .putShort(SOCK_DIAG_BY_FAMILY)
                .putShort((short) (REQUESTED | flags))
                .putInt(sequence)
                .putInt(0)
                .put((byte) family)
                .put(IPPROTO_TCP)
                .put((byte) (1 << (INET_DIAG_INFO - 1)))
                .put((byte) 0)
                .putInt(states);
    }

    /**
     * Reads what came in one datagram, position to limit.
     *
     * @param sequence messages of other conversations are passed over
     * @param sink gets each connected socket
     */
    static Outcome read(ByteBuffer datagram, int sequence, BiConsumer<SocketAddresses, SocketView> sink) {
        ByteBuffer bytes = datagram.slice().order(ByteOrder.nativeOrder());
        int messages = 0;
        int at = 0;
        while (bytes.limit() - at >= HEADER) {
            int length = bytes.getInt(at);
            if (length < HEADER || length > bytes.limit() - at) {
                return new Outcome.Malformed();
            }
            if (bytes.getInt(at + 8) == sequence) {
                messages++;
                switch (bytes.getShort(at + 4)) {
                    case NLMSG_DONE -> {
                        int status = length >= HEADER + Integer.BYTES ? bytes.getInt(at + HEADER) : 0;
                        return status < 0 ? new Outcome.Failed(-status) : new Outcome.Done();
                    }
                    case NLMSG_ERROR -> {
                        return length < HEADER + Integer.BYTES
                                ? new Outcome.Malformed()
                                : new Outcome.Failed(-bytes.getInt(at + HEADER));
                    }
                    case SOCK_DIAG_BY_FAMILY -> {
                        if (length >= HEADER + DIAG_MESSAGE) {
                            socket(bytes.slice(at + HEADER, length - HEADER).order(ByteOrder.nativeOrder()), sink);
                        }
                    }
                    default -> {}
                }
            }
            at += aligned(length);
        }
        return new Outcome.Messages(messages);
    }

    private static void socket(ByteBuffer message, BiConsumer<SocketAddresses, SocketView> sink) {
        TcpState state = TcpState.of(message.get(1));
        if (!state.connected()) {
            return; // a question about one socket may be answered with the listener of its port
        }
        long queued = message.getInt(60) & 0xFFFF_FFFFL;
        ByteBuffer info = message.slice(0, 0);
        int at = DIAG_MESSAGE;
        while (message.limit() - at >= ATTRIBUTE_HEADER) {
            int length = message.getShort(at) & 0xFFFF;
            if (length < ATTRIBUTE_HEADER || length > message.limit() - at) {
                break;
            }
            if ((message.getShort(at + 2) & 0x3FFF) == INET_DIAG_INFO) {
                info = message.slice(at + ATTRIBUTE_HEADER, length - ATTRIBUTE_HEADER);
            }
            at += aligned(length);
        }
        sink.accept(addresses(message), view(state, queued, info.order(ByteOrder.nativeOrder())));
    }

    private static SocketAddresses addresses(ByteBuffer message) {
        boolean ipv4 = message.get(0) == AF_INET;
        ByteBuffer id = message.slice(4, 48).order(ByteOrder.BIG_ENDIAN);
        return new SocketAddresses(
                ipv4 ? 0 : id.getLong(4),
                ipv4 ? SocketAddresses.mapped(id.getInt(4)) : id.getLong(12),
                id.getShort(0) & 0xFFFF,
                ipv4 ? 0 : id.getLong(20),
                ipv4 ? SocketAddresses.mapped(id.getInt(20)) : id.getLong(28),
                id.getShort(2) & 0xFFFF);
    }

    /** Offsets into {@code struct tcp_info}, which only ever grows at its end. */
    private static SocketView view(TcpState state, long queued, ByteBuffer info) {
        return new SocketView(
                state,
                queued,
                unsigned(info, 144),
                unsigned(info, 24),
                whole(info, 120),
                whole(info, 200),
                unsigned(info, 100),
                unsigned(info, 68),
                unsigned(info, 228),
                whole(info, 176));
    }

    private static long unsigned(ByteBuffer info, int at) {
        return info.limit() >= at + Integer.BYTES ? info.getInt(at) & 0xFFFF_FFFFL : UNKNOWN;
    }

    /** A count beyond a long's range is not a count. */
    private static long whole(ByteBuffer info, int at) {
        return info.limit() >= at + Long.BYTES ? Math.max(info.getLong(at), UNKNOWN) : UNKNOWN;
    }

    private static int aligned(int length) {
        return (length + 3) & ~3;
    }
}
