package dev.wireproof.kernel;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The five calls of the C library that a netlink conversation needs. Every argument is a number or a segment whose length the caller
 * passes on as it is, so the kernel never writes beyond it. A call that fails returns the negative of its {@code errno}.
 *
 * <p>Numbers are those of 64-bit Linux on amd64, aarch64, riscv64, s390x and ppc64le, which agree on all that is used here.
 */
final class Libc {
    private static final StructLayout ERRNO = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO_VALUE = ERRNO.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    private final MethodHandle socket;
    private final MethodHandle send;
    private final MethodHandle recv;
    private final MethodHandle poll;
    private final MethodHandle close;

    /** @throws RuntimeException or an error where the platform has no such calls or does not let us make them */
    Libc() {
        if (ADDRESS.byteSize() != Long.BYTES) {
            throw new UnsupportedOperationException("not a 64-bit platform");
        }
        socket = handle("socket", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
        send = handle("send", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
        recv = handle("recv", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
        poll = handle("poll", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
        close = handle("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    }

    private static MethodHandle handle(String name, FunctionDescriptor signature) {
        Linker linker = Linker.nativeLinker();
        MemorySegment address = linker.defaultLookup()
                .find(name)
                .orElseThrow(() -> new UnsupportedOperationException("no " + name + " in the C library"));
        return linker.downcallHandle(address, signature, Linker.Option.captureCallState("errno"));
    }

    static MemorySegment errnoIn(Arena arena) {
        return arena.allocate(ERRNO);
    }

    int socket(MemorySegment errno, int domain, int type, int protocol) {
        try {
            return (int) orErrno((int) socket.invokeExact(errno, domain, type, protocol), errno);
        } catch (Throwable e) {
            throw failed(e);
        }
    }

    long send(MemorySegment errno, int fd, MemorySegment bytes, int flags) {
        try {
            return orErrno((long) send.invokeExact(errno, fd, bytes, bytes.byteSize(), flags), errno);
        } catch (Throwable e) {
            throw failed(e);
        }
    }

    long recv(MemorySegment errno, int fd, MemorySegment into, int flags) {
        try {
            return orErrno((long) recv.invokeExact(errno, fd, into, into.byteSize(), flags), errno);
        } catch (Throwable e) {
            throw failed(e);
        }
    }

    /** @param one a {@code struct pollfd} */
    int poll(MemorySegment errno, MemorySegment one, int timeoutMs) {
        try {
            return (int) orErrno((int) poll.invokeExact(errno, one, 1L, timeoutMs), errno);
        } catch (Throwable e) {
            throw failed(e);
        }
    }

    void close(MemorySegment errno, int fd) {
        try {
            int ignored = (int) close.invokeExact(errno, fd); // the descriptor is released whatever it returns
        } catch (Throwable e) {
            throw failed(e);
        }
    }

    private static long orErrno(long result, MemorySegment errno) {
        return result >= 0 ? result : -(int) ERRNO_VALUE.get(errno, 0L);
    }

    /** A downcall itself throws nothing that is checked. */
    private static RuntimeException failed(Throwable e) {
        if (e instanceof Error error) {
            throw error;
        }
        return e instanceof RuntimeException runtime ? runtime : new IllegalStateException(e);
    }
}
