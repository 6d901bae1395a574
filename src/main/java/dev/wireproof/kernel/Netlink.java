package dev.wireproof.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.wireproof.kernel.InetDiagMessages.Outcome;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.BiConsumer;

/**
 * One netlink socket for a few questions, used by the thread that opened it. It has one buffer, larger than the kernel fills at a time;
 * a datagram that does not fit is cut and told apart, never overrun.
 */
final class Netlink implements AutoCloseable {
    private static final int AF_NETLINK = 16;
    private static final int SOCK_RAW_CLOEXEC = 3 | 0x80000;
    private static final int NETLINK_SOCK_DIAG = 4;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_TRUNC = 0x20;
    private static final short POLLIN = 1;
    private static final int EINTR = 4;
    private static final int EAGAIN = 11;

    private static final int BUFFER = 64 * 1024;
    private static final int PATIENCE_MS = 1_000;
    /** A dump of all sockets that a machine can have is far below this many datagrams. */
    private static final int MOST_DATAGRAMS = 100_000;

    private final Libc libc;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment errno = Libc.errnoIn(arena);
    private final MemorySegment buffer = arena.allocate(BUFFER, 8);
    private final MemorySegment polled = arena.allocate(8, 4);
    private final int fd;
    private int sequence;

    /** The kernel did not do as asked. */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;
        private final int errno;

        /** @param errno positive; 0 when it is not the kernel's */
        Refused(String what, int errno) {
            super(errno == 0 ? what : what + ": errno " + errno);
            this.errno = errno;
        }

        int errno() {
            return errno;
        }
    }

    Netlink(Libc libc) throws Refused {
        this.libc = libc;
        int opened = libc.socket(errno, AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_SOCK_DIAG);
        if (opened < 0) {
            arena.close();
            throw new Refused("no netlink socket", -opened);
        }
        fd = opened;
        JAVA_INT.varHandle().set(polled, 0L, fd);
        JAVA_SHORT.varHandle().set(polled, 4L, POLLIN);
    }

    int nextSequence() {
        return ++sequence;
    }

    /**
     * Sends a question and reads all of its answer.
     *
     * @param dump whether the answer is a list that ends with a mark; else it is one message
     */
    void ask(byte[] question, boolean dump, BiConsumer<SocketAddresses, SocketView> sink) throws Refused {
        MemorySegment bytes = buffer.asSlice(0, question.length);
        bytes.copyFrom(MemorySegment.ofArray(question));
        long sent = libc.send(errno, fd, bytes, 0);
        if (sent != question.length) {
            throw new Refused("the question was not taken", (int) Math.max(0, -sent));
        }
        for (int datagrams = 0; datagrams < MOST_DATAGRAMS; datagrams++) {
            int length = receive();
            switch (InetDiagMessages.read(buffer.asSlice(0, length).asByteBuffer(), sequence, sink)) {
                case Outcome.Done() -> {
                    return;
                }
                case Outcome.Failed(int error) -> throw new Refused("sock_diag", error);
                case Outcome.Malformed() -> throw new Refused("an answer that is no netlink message", 0);
                case Outcome.Messages(int messages) -> {
                    if (!dump && messages > 0) {
                        return;
                    }
                }
            }
        }
        throw new Refused("an answer without an end", 0);
    }

    private int receive() throws Refused {
        for (int tries = 0; tries < 10; tries++) {
            long got = libc.recv(errno, fd, buffer, MSG_DONTWAIT | MSG_TRUNC);
            if (got > BUFFER) {
                throw new Refused("an answer longer than the buffer", 0);
            }
            if (got > 0) {
                return (int) got;
            }
            if (got == 0) {
                throw new Refused("an empty answer", 0);
            }
            if (got != -EAGAIN && got != -EINTR) {
                throw new Refused("no answer", (int) -got);
            }
            int ready = got == -EINTR ? 1 : libc.poll(errno, polled, PATIENCE_MS);
            if (ready == 0) {
                throw new Refused("no answer in " + PATIENCE_MS + " ms", 0);
            }
        }
        throw new Refused("no answer, interrupted too often", 0);
    }

    @Override
    public void close() {
        libc.close(errno, fd);
        arena.close();
    }
}
